#include "sqlite/statement.h"

#include <sqlite3.h>

#include "base/text.h"
#include "sqlite/failure.h"

namespace cortex::sqlite {

void Statement::Finalizer::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

Status Statement::checked(int result_code, std::string_view action) const {
  if (result_code == SQLITE_OK) return {};
  return sqlite_error(sqlite3_db_handle(handle_.get()), result_code, action);
}

Status Statement::out_of_range(int index) {
  return make_error(Code::kInternal,
                    cat("the integer for SQL parameter ", index, " does not fit into 64 bits"));
}

Status Statement::bind(int index, std::int64_t value) {
  return checked(sqlite3_bind_int64(handle_.get(), index, value), "cannot bind an integer");
}

Status Statement::bind(int index, double value) {
  return checked(sqlite3_bind_double(handle_.get(), index, value), "cannot bind a number");
}

Status Statement::bind(int index, std::string_view text) {
  // An empty view may have a null pointer, which SQLite would take for NULL.
  const char* data = text.data() == nullptr ? "" : text.data();
  return checked(
      sqlite3_bind_text64(handle_.get(), index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8),
      "cannot bind a text");
}

Status Statement::bind(int index, std::span<const std::byte> blob) {
  if (blob.empty()) {
    return checked(sqlite3_bind_zeroblob(handle_.get(), index, 0), "cannot bind a blob");
  }
  return checked(
      sqlite3_bind_blob64(handle_.get(), index, blob.data(), blob.size(), SQLITE_TRANSIENT),
      "cannot bind a blob");
}

Status Statement::bind(int index, std::nullptr_t) {
  return checked(sqlite3_bind_null(handle_.get(), index), "cannot bind NULL");
}

Result<bool> Statement::step() {
  const int result_code = sqlite3_step(handle_.get());
  if (result_code == SQLITE_ROW) return true;
  if (result_code == SQLITE_DONE) return false;
  Error error = sqlite_error(sqlite3_db_handle(handle_.get()), result_code, "SQL statement failed");
  // Resetting releases the locks that a failed statement still holds.
  sqlite3_reset(handle_.get());
  return error;
}

Status Statement::run() {
  while (true) {
    CORTEX_ASSIGN(const bool row, step());
    if (!row) break;
  }
  reset();
  return {};
}

void Statement::reset() { sqlite3_reset(handle_.get()); }

int Statement::column_count() const { return sqlite3_column_count(handle_.get()); }

Statement::ColumnType Statement::column_type(int column) const {
  switch (sqlite3_column_type(handle_.get(), column)) {
    case SQLITE_INTEGER:
      return ColumnType::kInteger;
    case SQLITE_FLOAT:
      return ColumnType::kReal;
    case SQLITE_TEXT:
      return ColumnType::kText;
    case SQLITE_BLOB:
      return ColumnType::kBlob;
    default:
      return ColumnType::kNull;
  }
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

std::int64_t Statement::column_int(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

double Statement::column_double(int column) const {
  return sqlite3_column_double(handle_.get(), column);
}

std::string_view Statement::column_text(int column) const {
  // sqlite3_column_text may convert the value, so the size is asked for afterwards.
  const void* text = sqlite3_column_text(handle_.get(), column);
  if (text == nullptr) return {};
  return {static_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

std::span<const std::byte> Statement::column_blob(int column) const {
  const void* bytes = sqlite3_column_blob(handle_.get(), column);
  if (bytes == nullptr) return {};
  return {static_cast<const std::byte*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

}  // namespace cortex::sqlite
