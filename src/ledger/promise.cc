#include "ledger/promise.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/ulid.h"
#include "ledger/tail.h"
#include "ledger/tlog/sidecar.h"

namespace cortex::ledger {
namespace {

// Only the newline behind the last row may be missing: it is no part of any row, and the next
// append puts it back.
bool is_kept(fs::File& ledger, std::uint64_t size_bytes, const LedgerHead& head) {
  if (head.size_bytes <= size_bytes) return ends_with(ledger, head);
  if (head.size_bytes != size_bytes + 1) return false;
  const auto tail = read_tail(ledger, size_bytes);
  return tail.ok() && !tail->torn && tail->missing_newline && tail->head == head.hash;
}

bool is_same_end(const LedgerHead& a, const LedgerHead& b) {
  return a.size_bytes == b.size_bytes && a.rows == b.rows && a.hash == b.hash;
}

}  // namespace

std::vector<Promise> read_promises(fs::FileSystem& fs, const std::string& ledger_path) {
  std::vector<Promise> promises;
  const std::string head_path = head_file_path(ledger_path);
  if (const auto file = load_head_file(fs, ledger_path)) {
    if (file->broken) promises.push_back({head_path, *file->broken});
    promises.push_back({head_path, file->head});
  }
  if (const auto state = read_tree_state(fs, ledger_path)) {
    promises.push_back({tree_state_path(ledger_path), state->ledger});
  }
  std::ranges::stable_sort(promises, std::greater(),
                           [](const Promise& promise) { return promise.head.size_bytes; });
  const auto same = std::ranges::unique(promises, is_same_end, &Promise::head);
  promises.erase(same.begin(), same.end());
  return promises;
}

std::optional<BrokenPromise> find_broken(fs::File& ledger, std::uint64_t size_bytes,
                                         const std::vector<Promise>& promises,
                                         const std::optional<LedgerHead>& known) {
  for (const Promise& promise : promises) {
    if (known && is_same_end(*known, promise.head)) continue;
    if (is_kept(ledger, size_bytes, promise.head)) continue;
    const bool is_cut = promise.head.size_bytes > size_bytes;
    return BrokenPromise{is_cut ? kTailCutToken : kRowsReplacedToken, promise};
  }
  return std::nullopt;
}

std::string describe(const BrokenPromise& broken, std::uint64_t size_bytes) {
  const LedgerHead& head = broken.promise.head;
  const std::string known = cat(counted(head.rows, "row"), " up to byte ", head.size_bytes);
  if (broken.token == kTailCutToken) {
    return cat("the ledger was cut: it ends at byte ", size_bytes, ", but ", known,
               " of it were acknowledged");
  }
  return cat("rows of the ledger were replaced: ", known,
             " were acknowledged, and another row ends there now");
}

Result<std::optional<std::string>> accept_ledger(fs::FileSystem& fs, fs::File& ledger, Clock& clock,
                                                 Random& random) {
  const std::string head_path = head_file_path(ledger.path());
  CORTEX_ASSIGN(const fs::Info head_info, fs.lstat(head_path));
  if (head_info.kind != fs::Kind::kMissing) CORTEX_TRY(fs.remove_file(head_path));
  const std::string folder = sidecar_path(ledger.path());
  CORTEX_ASSIGN(const fs::Info info, fs.lstat(folder));
  if (info.kind == fs::Kind::kMissing) return std::optional<std::string>();
  const auto state = read_tree_state(fs, ledger.path());
  CORTEX_ASSIGN(const fs::Info ledger_info, ledger.info());
  if (state && is_kept(ledger, ledger_info.size_bytes, state->ledger)) {
    return std::optional<std::string>();
  }
  std::string aside = cat(folder, "-", Ulid::make(clock, random).text());
  CORTEX_TRY(fs.rename_no_replace(folder, aside));
  CORTEX_TRY(fs.sync_directory(fs::parent_of(folder)));
  return std::optional<std::string>(std::move(aside));
}

}  // namespace cortex::ledger
