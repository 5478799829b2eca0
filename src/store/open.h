// The two ways to open a store: to look, and to work.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

// Opens without changing anything and without leaving -wal or -shm beside the file. When the store
// is in use (its WAL holds data, or a connection is alive) it is opened read-only and takes part in
// locking; else immutable. Nothing is migrated: see pending(). Code kPrecondition when the file is
// missing, no regular file, or cannot be opened.
Result<sqlite::Connection> open_for_inspection(fs::FileSystem& fs, const std::string& path);

// One look at a store that others may be writing. A store at rest is opened without locks; when it
// turns out to have changed while it was read, what was seen does not count and `look` runs again.
// `look` must bear that: it fills in its results anew each time. Errors: those of the opening and
// of `look`.
Status inspect(fs::FileSystem& fs, const std::string& path,
               const std::function<Status(sqlite::Connection&)>& look);

struct OpenedStore {
  sqlite::Connection connection;
  std::vector<std::string> applied;  // migrations that this call applied
};

// Opens an existing file read-write in WAL mode, applies pending migrations and the private schema.
// The schema check is the caller's (schema_check.h). Errors: kPrecondition when the file cannot be
// opened or is read-only, kInternal when a migration fails.
Result<OpenedStore> open_for_writing(const std::string& path);

}  // namespace cortex::store
