#include "bundle/copy.h"

#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "base/limits.h"
#include "base/stop.h"
#include "crypto/digest.h"
#include "sqlite/backup.h"

namespace cortex::bundle {
namespace {

// Large enough that a thread a block costs nothing.
constexpr std::size_t kCopyBlockBytes = 4U << 20U;

}  // namespace

Result<FileDigest> copy_blocks(const ReadFunction& read, fs::File& to, Progress* progress,
                               const std::stop_token& stop) {
  crypto::Blake3 hasher;
  FileDigest digest;
  std::string block(limits::kIoBlockBytes, '\0'), before;
  for (;;) {
    CORTEX_TRY(go_on(stop));
    Status written;
    Result<std::size_t> got = std::size_t{0};
    {
      std::optional<std::jthread> writer;
      if (!before.empty()) writer.emplace([&] { written = to.append(before); });
      got = read(digest.size_bytes, block);
      if (got.ok()) hasher.update(std::string_view(block).substr(0, *got));
    }
    CORTEX_TRY(written);
    if (!got.ok()) return std::move(got).error();
    digest.size_bytes += *got;
    add_progress(progress, *got);
    const bool is_last = *got < block.size();
    block.resize(*got);
    if (is_last) break;
    std::swap(block, before);
    block.resize(kCopyBlockBytes);
  }
  if (!block.empty()) CORTEX_TRY(to.append(block));
  digest.blake3 = crypto::prefixed_hex(hasher.finish());
  return digest;
}

Result<FileDigest> copy_file(fs::FileSystem& fs, const std::string& from, const std::string& to,
                             unsigned mode, Progress* progress, Durable durable) {
  CORTEX_ASSIGN(const auto source, fs.open(from, fs::Open::kRead));
  CORTEX_ASSIGN(auto target, fs.open(to, fs::Open::kCreateExclusive, mode));
  auto copied = copy_blocks(
      [&source](std::uint64_t offset, std::span<char> out) { return source->read_at(offset, out); },
      *target, progress);
  if (copied.ok() && durable == Durable::kSynced) {
    if (auto synced = target->sync_all(); !synced.ok()) copied = std::move(synced).error();
  }
  // Best effort: the failure that is reported is the one of the copy.
  if (!copied.ok()) static_cast<void>(fs.remove_file(to).ok());
  return copied;
}

Status copy_snapshot(sqlite::Connection& source, const std::string& path, Progress* progress,
                     const std::stop_token& stop) {
  CORTEX_ASSIGN(auto copy, sqlite::Connection::open(path, sqlite::OpenMode::kReadWrite));
  // Nobody else sees the copy, and it is synced as a file: no journal, no syncs of SQLite's.
  CORTEX_TRY(copy.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF"));
  CORTEX_ASSIGN(const std::int64_t page_bytes, source.query_int("PRAGMA page_size"));
  std::uint64_t reported = 0;
  return sqlite::copy_database(source, copy, [&](std::uint64_t done, std::uint64_t) -> Status {
    add_progress(progress, (done - reported) * static_cast<std::uint64_t>(page_bytes));
    reported = done;
    return go_on(stop);
  });
}

}  // namespace cortex::bundle
