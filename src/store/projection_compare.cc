#include "store/projection_compare.h"

#include <algorithm>
#include <compare>
#include <utility>

#include "base/join.h"
#include "base/text.h"
#include "sqlite/statement.h"
#include "store/schema_query.h"

namespace cortex::store {
namespace {

constexpr ProjectedTable kComparedTables[] = {
    {"traces", "id"},
    {"trace_events", "trace_id, event_id", 2},
    {"episodes", "id"},
    {"memories", "id"},
    {"principles", "id"},
    {"doctrine", "id"},
    {"contradictions", "id"},
    {"context_packs", "id"},
    {"decay_jobs", "id"},
    {"memory_session_uses", "memory_id, session_id", 2},
    {"outcome_memory_relations", "outcome_ref, memory_id, relation", 3},
    {"memory_supersessions", "source_memory_id, summary_memory_id", 2},
    {"episode_supersessions", "source_episode_id, summary_memory_id", 2},
    {"authority_principal_timeline", "principal_id, effective_at", 2},
    {"authority_key_timeline", "key_id, effective_at, state", 3},
    {"audit_records", "id"},
    {"cortex_authority_keys", "key_id"},
    {"cortex_memory_history", "memory_id, event_id", 2, "seq"},
    {"cortex_outcomes", "event_id"},
    {"cortex_precedence", "contradiction_id"},
    {"cortex_decay_jobs", "job_id"},
};

// One side of the walk: the key columns first, then all columns in the table's order.
class Side {
 public:
  static Result<Side> begin(sqlite::Connection& db, const ProjectedTable& table,
                            const std::string& columns) {
    CORTEX_ASSIGN(auto rows, db.prepare(cat("SELECT ", table.key, ", ", columns, " FROM ",
                                            table.name, " ORDER BY ", table.key)));
    Side side(std::move(rows), table.key_columns);
    CORTEX_TRY(side.advance());
    return side;
  }

  Status advance() {
    CORTEX_ASSIGN(at_row_, rows_.step());
    return {};
  }
  bool at_row() const { return at_row_; }
  sqlite::Statement& row() { return rows_; }

  std::strong_ordering compare_key(const Side& other) const {
    for (int column = 0; column < key_columns_; ++column) {
      const auto order = rows_.column_text(column) <=> other.rows_.column_text(column);
      if (order != std::strong_ordering::equal) return order;
    }
    return std::strong_ordering::equal;
  }
  bool same_values(const Side& other) const {
    for (int column = key_columns_; column < rows_.column_count(); ++column) {
      if (!same_value(other, column)) return false;
    }
    return true;
  }
  std::string key_text() const {
    std::string out;
    for (int column = 0; column < key_columns_; ++column) {
      out += cat(out.empty() ? "" : " ", rows_.column_text(column));
    }
    return out;
  }

 private:
  Side(sqlite::Statement rows, int key_columns)
      : rows_(std::move(rows)), key_columns_(key_columns) {}

  bool same_value(const Side& other, int column) const {
    using Type = sqlite::Statement::ColumnType;
    const Type type = rows_.column_type(column);
    if (type != other.rows_.column_type(column)) return false;
    switch (type) {
      case Type::kNull:
        return true;
      case Type::kInteger:
        return rows_.column_int(column) == other.rows_.column_int(column);
      case Type::kReal:
        return rows_.column_double(column) == other.rows_.column_double(column);
      case Type::kText:
        return rows_.column_text(column) == other.rows_.column_text(column);
      case Type::kBlob:
        return std::ranges::equal(rows_.column_blob(column), other.rows_.column_blob(column));
    }
    return false;
  }

  sqlite::Statement rows_;
  int key_columns_;
  bool at_row_ = false;
};

Status walk(Side& live, Side& rebuilt, const ProjectedTable& table, const Differences& differences,
            TableComparison& result) {
  while (live.at_row() || rebuilt.at_row()) {
    std::strong_ordering order = std::strong_ordering::equal;
    if (!live.at_row()) {
      order = std::strong_ordering::greater;
    } else if (!rebuilt.at_row()) {
      order = std::strong_ordering::less;
    } else {
      order = live.compare_key(rebuilt);
    }
    if (order < 0) {
      ++result.unaccounted;
      if (differences.on_unaccounted) CORTEX_TRY(differences.on_unaccounted(table, live.row()));
      CORTEX_TRY(live.advance());
      continue;
    }
    const bool there = order == 0;
    if (there && live.same_values(rebuilt)) {
      ++result.accounted;
    } else {
      ++(there ? result.differing : result.missing);
      if (result.first_wrong.empty()) result.first_wrong = rebuilt.key_text();
      if (differences.on_wrong) CORTEX_TRY(differences.on_wrong(table, rebuilt.row()));
    }
    if (there) CORTEX_TRY(live.advance());
    CORTEX_TRY(rebuilt.advance());
  }
  return {};
}

}  // namespace

std::span<const ProjectedTable> projected_tables() { return kComparedTables; }

Result<std::string> columns_of(sqlite::Connection& db, const ProjectedTable& table) {
  CORTEX_ASSIGN(auto names, column_names(db, table.name));
  std::erase(names, table.number);
  return join(names, ", ");
}

Result<TableComparison> compare_table(sqlite::Connection& live, sqlite::Connection& rebuilt,
                                      const ProjectedTable& table, const std::string& columns,
                                      const Differences& differences) {
  CORTEX_ASSIGN(Side left, Side::begin(live, table, columns));
  CORTEX_ASSIGN(Side right, Side::begin(rebuilt, table, columns));
  TableComparison result;
  result.table = table.name;
  CORTEX_TRY(walk(left, right, table, differences, result));
  return result;
}

Result<std::vector<TableComparison>> compare_projection(sqlite::Connection& live,
                                                        sqlite::Connection& rebuilt,
                                                        const Differences& differences) {
  std::vector<TableComparison> out;
  for (const ProjectedTable& table : kComparedTables) {
    // A store that only reference 0.1.2 wrote lacks the private ones.
    CORTEX_ASSIGN(const bool there, object_exists(live, "table", table.name));
    if (!there) {
      CORTEX_ASSIGN(const auto rows, rebuilt.query_int(cat("SELECT count(*) FROM ", table.name)));
      out.push_back({.table = table.name,
                     .missing = static_cast<std::uint64_t>(rows),
                     .first_wrong = rows == 0 ? "" : "the table"});
      continue;
    }
    CORTEX_ASSIGN(const std::string columns, columns_of(rebuilt, table));
    CORTEX_ASSIGN(out.emplace_back(), compare_table(live, rebuilt, table, columns, differences));
  }
  return out;
}

}  // namespace cortex::store
