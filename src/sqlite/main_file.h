// The file behind a connection, as SQLite's own layer for the operating system sees it.
#pragma once

#include <string>

#include "base/result.h"

struct sqlite3;
struct sqlite3_file;

namespace cortex::sqlite {

// For the other files of this room. Lives as long as the connection `db`.
Result<sqlite3_file*> main_file(sqlite3* db);

// Whether somebody else, in this process or in another one, holds a lock on the file `path`.
// Whoever has read a file in WAL mode holds one until he closes it; in the other modes only while
// he reads or writes. Works on a file that is no database, too; nothing is written. Not to be asked
// while this process has the file open by other means (fs::File): closing that gives up SQLite's
// locks.
Result<bool> is_held(const std::string& path);

}  // namespace cortex::sqlite
