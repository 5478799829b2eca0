// Rows of the public tables as JSON objects, and back: what operations carry where a table has no
// type of its own for them.
//
// Every column by its name: text and integers as such, JSON columns as the text that they are,
// NULL as null. A real is a number, or its shortest text where the number would not be read back as
// itself (docs/formats.md, 4.4). Tables are named by our own code, never by a ledger.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "sqlite/connection.h"

namespace cortex::store {

// The row whose `key` column has that value, or nothing. One query.
Result<std::optional<json::Object>> find_row(sqlite::Connection& db, std::string_view table,
                                             std::string_view key, std::string_view value);

// Visits the rows of `SELECT * FROM <table> <rest>` one by one. Memory: one row.
using RowVisitor = std::function<Status(json::Object&& row)>;
Status each_row(sqlite::Connection& db, std::string_view table, std::string_view rest,
                const RowVisitor& visit);

// Rows of `SELECT * FROM <table> <rest>`, with one parameter where `rest` has ?1.
Result<std::vector<json::Object>> rows_where(sqlite::Connection& db, std::string_view table,
                                             std::string_view rest, std::string_view parameter);

// Those of the keys that the table has; `columns`: "a, b", as many as each key has values. One
// query.
using RowKey = std::vector<std::string>;
Result<std::set<RowKey>> present_keys(sqlite::Connection& db, std::string_view table,
                                      std::string_view columns, const std::vector<RowKey>& keys);
// The same for keys that are one column, `id`.
Result<std::set<std::string>> present_ids(sqlite::Connection& db, std::string_view table,
                                          const std::vector<std::string>& ids);

enum class IfThere { kKeep, kReplace };

// Writes the row; members that are no column of the table are refused (kIntegrity), columns that
// are not named keep what they have or their default. `key`: the columns of the primary key,
// "a, b". kReplace changes the row in place: rows that refer to it stay.
Status put_row(sqlite::Connection& db, std::string_view table, std::string_view key,
               const json::Object& row, IfThere if_there);

// The text of a member, or empty; for rows read by the functions above.
std::string text_of(const json::Object& row, std::string_view column);
std::optional<std::string> maybe_text_of(const json::Object& row, std::string_view column);
// The texts in a column that holds a JSON array; none in another.
std::vector<std::string> texts_in(std::string_view json_array);
// A real as it was stored. nullopt when it is no number.
std::optional<double> real_of(const json::Object& row, std::string_view column);

// A double as operations carry it, and back (nullopt: it is none).
json::Value exact_real(double number);
std::optional<double> real_value(const json::Value& value);

}  // namespace cortex::store
