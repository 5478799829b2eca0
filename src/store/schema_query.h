// Questions about what a database file contains, by name. All read-only.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

// `type` as in sqlite_schema: "table", "index", "trigger", "view". Virtual tables are tables.
Result<bool> object_exists(sqlite::Connection& connection, std::string_view type,
                           std::string_view name);

// Columns in declaration order; empty when there is no such table.
Result<std::vector<std::string>> column_names(sqlite::Connection& connection,
                                              std::string_view table);

// False also when the table is missing.
Result<bool> column_exists(sqlite::Connection& connection, std::string_view table,
                           std::string_view column);

bool has_name(const std::vector<std::string>& names, std::string_view name);

// All rows of a query with one text column.
Result<std::vector<std::string>> text_column(sqlite::Connection& connection, std::string_view sql);

}  // namespace cortex::store
