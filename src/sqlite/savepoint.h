// A part of a transaction that can be undone by itself. Savepoints nest as scopes do; one that is
// destroyed before release() is undone.
#pragma once

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::sqlite {

class Savepoint {
 public:
  // The connection must be in a transaction, outlive the savepoint and stay where it is.
  static Result<Savepoint> begin(Connection& connection);

  Savepoint(Savepoint&& other) noexcept;
  Savepoint& operator=(Savepoint&& other) = delete;
  Savepoint(const Savepoint&) = delete;
  Savepoint& operator=(const Savepoint&) = delete;
  ~Savepoint();

  Status release();  // keeps what was done since begin(), as part of the transaction
  Status undo();

 private:
  explicit Savepoint(Connection& connection) : connection_(&connection) {}

  Connection* connection_;  // null when it has ended
};

}  // namespace cortex::sqlite
