#include "store/schema_query.h"

#include <algorithm>

namespace cortex::store {
namespace {

Result<std::vector<std::string>> texts_of(sqlite::Statement& statement) {
  std::vector<std::string> out;
  while (true) {
    CORTEX_ASSIGN(const bool row, statement.step());
    if (!row) return out;
    out.emplace_back(statement.column_text(0));
  }
}

}  // namespace

Result<bool> object_exists(sqlite::Connection& connection, std::string_view type,
                           std::string_view name) {
  CORTEX_ASSIGN(sqlite::Statement statement,
                connection.prepare("SELECT 1 FROM sqlite_schema WHERE type = ?1 AND name = ?2"));
  CORTEX_TRY(statement.bind_all(type, name));
  return statement.step();
}

Result<std::vector<std::string>> column_names(sqlite::Connection& connection,
                                              std::string_view table) {
  CORTEX_ASSIGN(sqlite::Statement statement,
                connection.prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid"));
  CORTEX_TRY(statement.bind_all(table));
  return texts_of(statement);
}

Result<bool> column_exists(sqlite::Connection& connection, std::string_view table,
                           std::string_view column) {
  CORTEX_ASSIGN(const std::vector<std::string> names, column_names(connection, table));
  return has_name(names, column);
}

bool has_name(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

Result<std::vector<std::string>> text_column(sqlite::Connection& connection, std::string_view sql) {
  CORTEX_ASSIGN(sqlite::Statement statement, connection.prepare(sql));
  return texts_of(statement);
}

}  // namespace cortex::store
