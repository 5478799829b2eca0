// A transaction that is rolled back unless commit() succeeded.
//
// Transactions do not nest: begin() fails inside another one. A failed commit (kBusy, kFull) leaves
// the transaction open: commit() may be tried again, and the destructor rolls back otherwise.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "sqlite/connection.h"

struct sqlite3;

namespace cortex::sqlite {

class Transaction {
 public:
  enum class Kind : std::uint8_t {
    kDeferred,   // the snapshot is taken by the first read
    kImmediate,  // takes the write lock now, waiting for it
  };

  // The connection must outlive the transaction, but may be moved meanwhile.
  static Result<Transaction> begin(Connection& connection, Kind kind);

  Transaction(Transaction&& other) noexcept;
  Transaction& operator=(Transaction&& other) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();

  Status commit();
  // Gives the changes up now; does nothing after commit().
  void rollback();

 private:
  explicit Transaction(sqlite3* db) : db_(db) {}

  sqlite3* db_;  // null when there is nothing left to roll back
};

}  // namespace cortex::sqlite
