#include "ledger/erase_rows.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "core/ids.h"
#include "ledger/append_log.h"
#include "ledger/row_stream.h"
#include "ledger/tlog/sidecar.h"

namespace cortex::ledger {
namespace {

std::string erased_line(const Eraser& eraser, const core::DecodedEvent& row,
                        const ErasureMark& mark) {
  std::string line;
  core::append_row(line, eraser.erased(row, mark));
  return line;
}

const NamedRow* find(const std::vector<NamedRow>& named, const core::Event& event) {
  const auto row = std::ranges::find_if(named, [&event](const NamedRow& one) {
    return one.event_id == event.id && one.payload_hash == event.payload_hash;
  });
  return row == named.end() ? nullptr : &*row;
}

// Copies the bytes between rows that are rewritten as they are.
class Rewriter {
 public:
  Rewriter(fs::File& from, fs::File& to) : from_(from), to_(to) {}

  Status copy_until(std::uint64_t end) {
    std::string block;
    while (copied_ < end) {
      block.resize(std::min<std::uint64_t>(end - copied_, limits::kIoBlockBytes));
      CORTEX_ASSIGN(const std::size_t got, from_.read_at(copied_, block));
      if (got == 0) return make_error(Code::kInternal, "the ledger ended while it was read");
      CORTEX_TRY(write(std::string_view(block).substr(0, got)));
      copied_ += got;
    }
    return {};
  }
  // `line` takes the place of what stands up to `end`.
  Status put(std::string_view line, std::uint64_t end) {
    copied_ = end;
    CORTEX_TRY(write(line));
    return write("\n");
  }
  std::uint64_t size_bytes() const { return size_bytes_; }

 private:
  Status write(std::string_view bytes) {
    size_bytes_ += bytes.size();
    return to_.append(bytes);
  }

  fs::File& from_;
  fs::File& to_;
  std::uint64_t copied_ = 0, size_bytes_ = 0;
};

Error changed_since(const core::Event& event) {
  return make_error(Code::kPrecondition,
                    cat("the row of ", core::id_text(core::IdKind::kEvent, event.id),
                        " is not what it was when its erasure was recorded"),
                    "the ledger was not rewritten", "see `cortex audit verify`");
}

Result<std::uint64_t> rewrite(fs::File& from, std::uint64_t size_bytes, fs::File& to,
                              const Eraser& eraser, const std::string& erasure,
                              const std::vector<NamedRow>& named) {
  Rewriter out(from, to);
  RowStream rows(from, 0, size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) break;
    if (!eraser.is_in(*row)) continue;
    const NamedRow* wanted = find(named, row->event);
    if (wanted == nullptr) continue;
    const std::string line = erased_line(eraser, *row, {erasure, wanted->leaf});
    if (leaf_hash(line) != wanted->erased_leaf) return changed_since(row->event);
    CORTEX_TRY(out.copy_until(rows.place().offset));
    CORTEX_TRY(out.put(line, rows.place().end));
  }
  CORTEX_TRY(out.copy_until(size_bytes));
  return out.size_bytes();
}

// What stands beside the ledger and says at which byte its rows end, for as long as they move.
class Hints {
 public:
  Hints(fs::FileSystem& fs, const std::string& path)
      : fs_(fs), hints_{{{head_file_path(path), ""}, {tree_state_path(path), ""}}} {}

  // Away from the disk before the ledger is replaced: a crash then leaves a ledger of which nothing
  // was promised, not one that is found cut.
  Status take_away() {
    for (Hint& hint : hints_) {
      CORTEX_ASSIGN(const fs::Info info, fs_.lstat(hint.path));
      if (info.kind == fs::Kind::kMissing) continue;
      CORTEX_ASSIGN(hint.text, fs::read_all(fs_, hint.path, kHintBytesMax));
      CORTEX_TRY(fs_.remove_file(hint.path));
      CORTEX_TRY(fs_.sync_directory(fs::parent_of(hint.path)));
    }
    return {};
  }
  // The ledger is the one that it was.
  void put_back() const {
    for (const Hint& hint : hints_) {
      if (!hint.text.empty()) static_cast<void>(fs_.overwrite(hint.path, hint.text).ok());
    }
  }

 private:
  struct Hint {
    std::string path, text;
  };
  static constexpr std::uint64_t kHintBytesMax = 64U << 10;

  fs::FileSystem& fs_;
  std::array<Hint, 2> hints_;
};

Status replace_ledger(fs::FileSystem& fs, const std::string& temporary, const std::string& path) {
  Hints hints(fs, path);
  Status replaced = hints.take_away();
  if (replaced.ok()) replaced = fs.replace(temporary, path);
  if (!replaced.ok()) {
    hints.put_back();
    return replaced;
  }
  return fs.sync_directory(fs::parent_of(path));
}

// What a crash left of an earlier try is no ledger.
Result<std::unique_ptr<fs::File>> open_new(fs::FileSystem& fs, const std::string& path) {
  CORTEX_ASSIGN(const fs::Info info, fs.lstat(path));
  if (info.kind != fs::Kind::kMissing) CORTEX_TRY(fs.remove_file(path));
  CORTEX_ASSIGN(auto file, fs.open(path, fs::Open::kCreateExclusive, 0600));
  // Whoever waits for the ledger finds it locked until head file and tree have followed.
  CORTEX_TRY(file->lock(fs::Lock::kExclusive, limits::kLockWaitMillisMax));
  return file;
}

}  // namespace

Result<std::vector<NamedRow>> rows_to_erase(fs::File& file, std::uint64_t size_bytes,
                                            const Eraser& eraser, const std::string& erasure) {
  std::vector<NamedRow> out;
  RowStream rows(file, 0, size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) return out;
    if (!eraser.is_in(*row)) continue;
    const TreeHash leaf = row_leaf(*row, rows.entry());
    out.push_back({row->event.id, row->event.payload_hash, leaf,
                   leaf_hash(erased_line(eraser, *row, {erasure, leaf}))});
  }
}

Result<LedgerHead> erase_rows(fs::FileSystem& fs, const std::string& path, Clock& clock,
                              Random& random, const Eraser& eraser, const std::string& erasure,
                              const std::vector<NamedRow>& named) {
  CORTEX_ASSIGN(const auto log, AppendLog::open(fs, path, clock, random));
  if (log->broken_promise()) {
    return make_error(Code::kIntegrity, describe(*log->broken_promise(), log->size_bytes()),
                      "nothing was rewritten", "see `cortex audit verify`");
  }
  CORTEX_ASSIGN(const SettledTail tail, settle_tail(fs, log->file()));
  LedgerHead head = tail.head;
  const std::string temporary = cat(path, ".erasing");
  CORTEX_ASSIGN(const auto fresh, open_new(fs, temporary));
  CORTEX_ASSIGN(head.size_bytes,
                rewrite(log->file(), head.size_bytes, *fresh, eraser, erasure, named));
  CORTEX_TRY(fresh->sync_data());
  const auto tree = read_tree_state(fs, path);
  CORTEX_TRY(replace_ledger(fs, temporary, path));
  CORTEX_TRY(write_head_file(fs, path, head));
  CORTEX_ASSIGN(const auto reading, fs.open(path, fs::Open::kRead));
  CORTEX_TRY(tree ? Sidecar::follow_rewrite(fs, *reading, head, *tree)
                  : Sidecar::rebuild(fs, *reading, head));
  return head;
}

}  // namespace cortex::ledger
