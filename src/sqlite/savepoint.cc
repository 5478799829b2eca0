#include "sqlite/savepoint.h"

#include <utility>

namespace cortex::sqlite {

Result<Savepoint> Savepoint::begin(Connection& connection) {
  CORTEX_TRY(connection.exec("SAVEPOINT cortex"));
  return Savepoint(connection);
}

Savepoint::Savepoint(Savepoint&& other) noexcept
    : connection_(std::exchange(other.connection_, nullptr)) {}

Savepoint::~Savepoint() {
  // Failing here means that SQLite has rolled the whole transaction back already.
  if (connection_ != nullptr) static_cast<void>(undo());
}

Status Savepoint::release() {
  CORTEX_TRY(connection_->exec("RELEASE cortex"));
  connection_ = nullptr;
  return {};
}

Status Savepoint::undo() {
  Connection* connection = std::exchange(connection_, nullptr);
  CORTEX_TRY(connection->exec("ROLLBACK TO cortex"));
  return connection->exec("RELEASE cortex");
}

}  // namespace cortex::sqlite
