#include "sqlite/main_file.h"

#include <sqlite3.h>

#include "base/text.h"
#include "sqlite/connection.h"
#include "sqlite/failure.h"

namespace cortex::sqlite {

Result<sqlite3_file*> main_file(sqlite3* db) {
  sqlite3_file* file = nullptr;
  const int asked = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (asked == SQLITE_OK && file != nullptr && file->pMethods != nullptr) return file;
  return sqlite_error(nullptr, asked == SQLITE_OK ? SQLITE_CANTOPEN : asked,
                      "the database has no file");
}

// What SQLite itself does before it removes a log: the exclusive lock is had by nobody else, or
// not at all. On a connection of its own, whose pager knows of no lock.
Result<bool> is_held(const std::string& path) {
  CORTEX_ASSIGN(const Connection connection, Connection::open(path, OpenMode::kReadWrite));
  CORTEX_ASSIGN(sqlite3_file * file, main_file(connection.handle()));
  int locked = file->pMethods->xLock(file, SQLITE_LOCK_SHARED);
  if (locked == SQLITE_OK) locked = file->pMethods->xLock(file, SQLITE_LOCK_EXCLUSIVE);
  const int unlocked = file->pMethods->xUnlock(file, SQLITE_LOCK_NONE);
  if ((locked & 0xFF) == SQLITE_BUSY) return true;
  if (locked == SQLITE_OK && unlocked == SQLITE_OK) return false;
  return sqlite_error(nullptr, locked == SQLITE_OK ? unlocked : locked,
                      cat("cannot ask who holds ", quoted(path)));
}

}  // namespace cortex::sqlite
