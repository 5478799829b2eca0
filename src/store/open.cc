#include "store/open.h"

#include <utility>

#include "base/text.h"
#include "sqlite/failure.h"
#include "store/migrations.h"
#include "store/private_schema.h"

namespace cortex::store {
namespace {

Result<fs::Info> info_of(fs::FileSystem& fs, const std::string& path) {
  Result<fs::Info> info = fs.stat(path);
  if (info.ok()) return info;
  return with_code(std::move(info).error(), Code::kPrecondition);
}

// True when another process may be writing, or has left a WAL or a journal with data behind.
Result<bool> is_in_use(fs::FileSystem& fs, const std::string& path) {
  CORTEX_ASSIGN(const fs::Info journal, info_of(fs, path + "-journal"));
  if (journal.size_bytes > 0) return true;
  CORTEX_ASSIGN(const fs::Info wal, info_of(fs, path + "-wal"));
  if (wal.kind == fs::Kind::kMissing) return false;
  if (wal.size_bytes > 0) return true;
  // An empty WAL with an index beside it: a connection is alive and has just checkpointed.
  CORTEX_ASSIGN(const fs::Info index, info_of(fs, path + "-shm"));
  return index.kind != fs::Kind::kMissing;
}

Error not_a_store(const std::string& path, std::string_view why) {
  return make_error(Code::kPrecondition, cat("the store ", quoted(path), " ", why),
                    "no state was changed", "run `cortex init` first, or check the path");
}

Result<sqlite::Connection> open(const std::string& path, sqlite::OpenMode mode) {
  Result<sqlite::Connection> connection = sqlite::Connection::open(path, mode);
  if (connection.ok()) return connection;
  return with_code(std::move(connection).error(), Code::kPrecondition);
}

}  // namespace

Result<sqlite::Connection> open_for_inspection(fs::FileSystem& fs, const std::string& path) {
  CORTEX_ASSIGN(const fs::Info info, info_of(fs, path));
  if (info.kind == fs::Kind::kMissing) return not_a_store(path, "does not exist");
  if (info.kind != fs::Kind::kFile) return not_a_store(path, "is not a regular file");
  CORTEX_ASSIGN(const bool in_use, is_in_use(fs, path));
  return open(path, in_use ? sqlite::OpenMode::kReadOnly : sqlite::OpenMode::kImmutable);
}

namespace {

// What changes when somebody writes to a store at rest.
struct Stamp {
  std::uint64_t size_bytes = 0, inode = 0, wal_bytes = 0;
  Timestamp modified;

  friend bool operator==(const Stamp&, const Stamp&) = default;
};

Result<Stamp> stamp_of(fs::FileSystem& fs, const std::string& path) {
  CORTEX_ASSIGN(const fs::Info file, info_of(fs, path));
  CORTEX_ASSIGN(const fs::Info wal, info_of(fs, path + "-wal"));
  return Stamp{file.size_bytes, file.inode, wal.size_bytes, file.modified};
}

}  // namespace

Status inspect(fs::FileSystem& fs, const std::string& path,
               const std::function<Status(sqlite::Connection&)>& look) {
  constexpr int kQuietTriesMax = 3;
  for (int tries = 0; tries < kQuietTriesMax; ++tries) {
    CORTEX_ASSIGN(const Stamp before, stamp_of(fs, path));
    CORTEX_ASSIGN(const bool in_use, is_in_use(fs, path));
    CORTEX_ASSIGN(auto connection, open_for_inspection(fs, path));
    Status looked = look(connection);
    if (in_use) return looked;  // locks kept it consistent
    CORTEX_ASSIGN(const Stamp after, stamp_of(fs, path));
    if (before == after) return looked;
  }
  // Written again and again: take part in the locking, whatever it leaves beside the file.
  CORTEX_ASSIGN(auto connection, open(path, sqlite::OpenMode::kReadOnly));
  return look(connection);
}

Result<OpenedStore> open_for_writing(const std::string& path) {
  CORTEX_ASSIGN(sqlite::Connection connection, open(path, sqlite::OpenMode::kReadWrite));
  if (connection.read_only()) {
    Error error = not_a_store(path, "is read-only");
    error.token = sqlite::token_of(sqlite::Failure::kReadOnly);
    error.next = "check the permissions of the file and of its folder";
    return error;
  }
  CORTEX_ASSIGN(std::vector<std::string> applied, apply_pending(connection));
  CORTEX_TRY(ensure_private_schema(connection));
  return OpenedStore{std::move(connection), std::move(applied)};
}

}  // namespace cortex::store
