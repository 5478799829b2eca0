#include "store/counts.h"

#include <string_view>

#include "base/text.h"
#include "store/schema_query.h"

namespace cortex::store {
namespace {

struct CountRow {
  std::string_view table;
  std::uint64_t TableCounts::* member;
};

constexpr CountRow kManifestCounts[] = {
    {"events", &TableCounts::events},
    {"traces", &TableCounts::traces},
    {"episodes", &TableCounts::episodes},
    {"memories", &TableCounts::memories},
};

constexpr std::string_view kOrdinaryTables = R"sql(
SELECT name FROM pragma_table_list
WHERE schema = 'main' AND type = 'table'
  AND name NOT GLOB 'sqlite_*' AND name NOT GLOB 'cortex_*'
ORDER BY name)sql";

// Table names come from the file: quoted as SQL identifiers.
std::string identifier(std::string_view name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out.push_back('"');
    out.push_back(c);
  }
  out.push_back('"');
  return out;
}

Result<std::uint64_t> count(sqlite::Connection& connection, std::string_view table) {
  CORTEX_ASSIGN(const std::int64_t rows,
                connection.query_int(cat("SELECT count(*) FROM ", identifier(table))));
  return static_cast<std::uint64_t>(rows);
}

}  // namespace

Result<TableCounts> count_tables(sqlite::Connection& connection) {
  TableCounts counts;
  for (const CountRow& row : kManifestCounts) {
    CORTEX_ASSIGN(const bool present, object_exists(connection, "table", row.table));
    if (!present) continue;
    CORTEX_ASSIGN(counts.*row.member, count(connection, row.table));
  }
  return counts;
}

Result<std::vector<std::pair<std::string, std::uint64_t>>> count_all(
    sqlite::Connection& connection) {
  CORTEX_ASSIGN(const std::vector<std::string> tables, text_column(connection, kOrdinaryTables));
  std::vector<std::pair<std::string, std::uint64_t>> counts;
  for (const std::string& table : tables) {
    CORTEX_ASSIGN(const std::uint64_t rows, count(connection, table));
    counts.emplace_back(table, rows);
  }
  return counts;
}

}  // namespace cortex::store
