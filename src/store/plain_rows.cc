#include "store/plain_rows.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "sqlite/statement.h"
#include "store/schema_query.h"

namespace cortex::store {
namespace {

using Type = sqlite::Statement::ColumnType;

json::Value value_of(const sqlite::Statement& row, int column) {
  switch (row.column_type(column)) {
    case Type::kInteger:
      return row.column_int(column);
    case Type::kReal:
      return exact_real(row.column_double(column));
    case Type::kText:
    case Type::kBlob:
      return std::string(row.column_text(column));
    case Type::kNull:
      return nullptr;
  }
  return nullptr;
}

Result<std::optional<json::Object>> next_row(sqlite::Statement& rows,
                                             const std::vector<std::string>& columns) {
  CORTEX_ASSIGN(const bool more, rows.step());
  if (!more) return std::optional<json::Object>();
  json::Object out;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    out.add(columns[i], value_of(rows, static_cast<int>(i)));
  }
  return std::optional(std::move(out));
}

Error row_unfit(std::string_view table, std::string_view column) {
  return make_error(Code::kIntegrity,
                    cat("the row of ", table, " in an operation has no usable ", quoted(column)));
}

Status bind_value(sqlite::Statement& put, int index, std::string_view table,
                  const std::string& column, bool real, const json::Value& value) {
  if (value.is_null()) return put.bind(index, nullptr);
  if (real) {
    const auto number = real_value(value);
    return number ? put.bind(index, *number) : Status(row_unfit(table, column));
  }
  if (const std::string* text = value.as_string()) return put.bind(index, *text);
  const json::Number* number = value.as_number();
  if (number == nullptr || number->kind == json::Number::Kind::kDouble) {
    return row_unfit(table, column);
  }
  if (number->kind == json::Number::Kind::kSigned) return put.bind(index, number->i);
  return put.bind(index, number->u);
}

// Names of the columns declared REAL.
Result<std::vector<std::string>> real_columns(sqlite::Connection& db, std::string_view table) {
  return text_column(db,
                     cat("SELECT name FROM pragma_table_info('", table, "') WHERE type = 'REAL'"));
}

}  // namespace

json::Value exact_real(double number) {
  json::Value value(number);
  if (json::is_stable(*value.as_number())) return value;
  std::string text;
  json::write_double(text, number);
  return text;
}

std::optional<double> real_value(const json::Value& value) {
  if (const json::Number* number = value.as_number()) return json::to_double(*number);
  const std::string* text = value.as_string();
  if (text == nullptr) return std::nullopt;
  double out = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return out;
}

Status each_row(sqlite::Connection& db, std::string_view table, std::string_view rest,
                const RowVisitor& visit) {
  CORTEX_ASSIGN(const auto columns, column_names(db, table));
  CORTEX_ASSIGN(auto rows, db.prepare(cat("SELECT * FROM ", table, " ", rest)));
  for (;;) {
    CORTEX_ASSIGN(auto row, next_row(rows, columns));
    if (!row) return {};
    CORTEX_TRY(visit(*std::move(row)));
  }
}

Result<std::vector<json::Object>> rows_where(sqlite::Connection& db, std::string_view table,
                                             std::string_view rest, std::string_view parameter) {
  CORTEX_ASSIGN(const auto columns, column_names(db, table));
  CORTEX_ASSIGN(auto rows, db.prepare(cat("SELECT * FROM ", table, " ", rest)));
  if (rest.find("?1") != std::string_view::npos) CORTEX_TRY(rows.bind(1, parameter));
  std::vector<json::Object> found;
  for (;;) {
    CORTEX_ASSIGN(auto row, next_row(rows, columns));
    if (!row) return found;
    found.push_back(*std::move(row));
  }
}

Result<std::optional<json::Object>> find_row(sqlite::Connection& db, std::string_view table,
                                             std::string_view key, std::string_view value) {
  CORTEX_ASSIGN(auto rows, rows_where(db, table, cat("WHERE ", key, " = ?1 LIMIT 1"), value));
  if (rows.empty()) return std::optional<json::Object>();
  return std::optional(std::move(rows.front()));
}

Result<std::set<RowKey>> present_keys(sqlite::Connection& db, std::string_view table,
                                      std::string_view columns, const std::vector<RowKey>& keys) {
  std::string wanted;
  const auto count = static_cast<int>(split(columns, ',').size());
  for (int i = 0; i < count; ++i) {
    wanted += cat(i == 0 ? "" : ", ", "json_extract(value, '$[", i, "]')");
  }
  json::Array rows;
  for (const RowKey& key : keys) rows.emplace_back(json::array_of(key));
  CORTEX_ASSIGN(auto select,
                db.prepare(cat("SELECT ", columns, " FROM ", table, " WHERE (", columns,
                               ") IN (SELECT ", wanted, " FROM json_each(?1))")));
  CORTEX_TRY(select.bind(1, json::write_compact(json::Value(std::move(rows)))));
  std::set<RowKey> found;
  for (;;) {
    CORTEX_ASSIGN(const bool more, select.step());
    if (!more) return found;
    RowKey key;
    for (int i = 0; i < count; ++i) key.emplace_back(select.column_text(i));
    found.insert(std::move(key));
  }
}

Result<std::set<std::string>> present_ids(sqlite::Connection& db, std::string_view table,
                                          const std::vector<std::string>& ids) {
  std::vector<RowKey> keys;
  keys.reserve(ids.size());
  for (const std::string& id : ids) keys.push_back({id});
  CORTEX_ASSIGN(const std::set<RowKey> present, present_keys(db, table, "id", keys));
  std::set<std::string> found;
  for (const RowKey& key : present) found.insert(key.front());
  return found;
}

Status put_row(sqlite::Connection& db, std::string_view table, std::string_view key,
               const json::Object& row, IfThere if_there) {
  CORTEX_ASSIGN(const auto columns, column_names(db, table));
  CORTEX_ASSIGN(const auto reals, real_columns(db, table));
  std::string names, places, sets;
  int count = 0;
  for (const auto& [name, value] : row) {
    if (!has_name(columns, name)) return row_unfit(table, name);
    const std::string_view comma = count == 0 ? "" : ", ";
    names += cat(comma, name);
    places += cat(comma, "?", ++count);
    sets += cat(comma, name, " = excluded.", name);
  }
  if (count == 0) return row_unfit(table, "column");
  const std::string conflict =
      if_there == IfThere::kKeep ? std::string("NOTHING") : cat("UPDATE SET ", sets);
  CORTEX_ASSIGN(auto put, db.prepare(cat("INSERT INTO ", table, "(", names, ") VALUES(", places,
                                         ") ON CONFLICT(", key, ") DO ", conflict)));
  int index = 0;
  for (const auto& [name, value] : row) {
    CORTEX_TRY(bind_value(put, ++index, table, name, has_name(reals, name), value));
  }
  return put.run();
}

std::string text_of(const json::Object& row, std::string_view column) {
  return maybe_text_of(row, column).value_or("");
}

std::vector<std::string> texts_in(std::string_view json_array) {
  std::vector<std::string> out;
  const auto parsed = json::parse(json_array);
  if (!parsed.ok() || parsed->as_array() == nullptr) return out;
  for (const json::Value& value : *parsed->as_array()) {
    if (const std::string* text = value.as_string()) out.push_back(*text);
  }
  return out;
}

std::optional<std::string> maybe_text_of(const json::Object& row, std::string_view column) {
  const json::Value* value = row.find(column);
  if (value == nullptr || value->as_string() == nullptr) return std::nullopt;
  return *value->as_string();
}

std::optional<double> real_of(const json::Object& row, std::string_view column) {
  const json::Value* value = row.find(column);
  return value == nullptr ? std::nullopt : real_value(*value);
}

}  // namespace cortex::store
