#include "sqlite/transaction.h"

#include <utility>

#include <sqlite3.h>

#include "sqlite/failure.h"

namespace cortex::sqlite {

Result<Transaction> Transaction::begin(Connection& connection, Kind kind) {
  CORTEX_TRY(connection.exec(kind == Kind::kImmediate ? "BEGIN IMMEDIATE" : "BEGIN DEFERRED"));
  return Transaction(connection.handle());
}

Transaction::Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}

Transaction::~Transaction() { rollback(); }

Status Transaction::commit() {
  if (db_ == nullptr) {
    return sqlite_error(nullptr, SQLITE_MISUSE, "cannot commit: the transaction is already over");
  }
  // SQLite itself rolls back on some failures (no space, I/O error); that must not look like
  // success.
  if (sqlite3_get_autocommit(db_) != 0) {
    return sqlite_error(nullptr, SQLITE_IOERR,
                        "cannot commit, the transaction was taken back when a part of it failed");
  }
  const int result_code = sqlite3_exec(db_, "COMMIT", nullptr, nullptr, nullptr);
  if (result_code != SQLITE_OK) {
    return sqlite_error(db_, result_code, "cannot commit the transaction");
  }
  db_ = nullptr;
  return {};
}

void Transaction::rollback() {
  sqlite3* db = std::exchange(db_, nullptr);
  if (db == nullptr || sqlite3_get_autocommit(db) != 0) return;
  // A rollback that fails leaves the transaction to be undone by closing or by the next recovery.
  sqlite3_exec(db, "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace cortex::sqlite
