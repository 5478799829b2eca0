#include "bundle/copy.h"

#include <memory>

#include "base/limits.h"
#include "base/stop.h"
#include "crypto/digest.h"
#include "sqlite/backup.h"

namespace cortex::bundle {
namespace {

Result<FileDigest> copy_bytes(fs::File& from, fs::File& to, Progress* progress) {
  crypto::Blake3 hasher;
  std::string block(limits::kIoBlockBytes, '\0');
  FileDigest digest;
  for (;;) {
    CORTEX_ASSIGN(const std::size_t got, from.read_at(digest.size_bytes, block));
    if (got == 0) break;
    const std::string_view bytes = std::string_view(block).substr(0, got);
    CORTEX_TRY(to.append(bytes));
    hasher.update(bytes);
    digest.size_bytes += got;
    add_progress(progress, got);
  }
  CORTEX_TRY(to.sync_all());
  digest.blake3 = crypto::prefixed_hex(hasher.finish());
  return digest;
}

}  // namespace

Result<FileDigest> copy_file(fs::FileSystem& fs, const std::string& from, const std::string& to,
                             unsigned mode, Progress* progress) {
  CORTEX_ASSIGN(const auto source, fs.open(from, fs::Open::kRead));
  CORTEX_ASSIGN(auto target, fs.open(to, fs::Open::kCreateExclusive, mode));
  auto copied = copy_bytes(*source, *target, progress);
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
