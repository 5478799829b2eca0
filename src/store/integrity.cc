#include "store/integrity.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "base/text.h"
#include "sqlite/failure.h"
#include "store/schema_query.h"

namespace cortex::store {
namespace {

using Problems = std::vector<std::string>;

struct SchemaObject {
  std::string_view type;
  std::string_view name;
};

constexpr SchemaObject kRequiredObjects[] = {
    {"table", "memories_fts"},
    {"table", "memory_embeddings"},
    {"table", "decay_jobs"},
    {"table", "memory_supersessions"},
    {"table", "episode_supersessions"},
    {"trigger", "memories_fts_insert"},
    {"trigger", "memories_fts_update"},
    {"trigger", "memories_fts_delete"},
    {"trigger", "memories_lifecycle_state_check"},
    {"trigger", "memories_lifecycle_state_update_check"},
    {"index", "idx_memory_embeddings_backend"},
    {"index", "idx_decay_jobs_state_scheduled"},
    {"index", "idx_memory_supersessions_summary"},
    {"index", "idx_episode_supersessions_summary"},
    {"index", "idx_memories_pending_mcp_commit"},
};

struct ParityRow {
  std::string_view sql;   // counts what is wrong
  std::string_view what;  // follows the number
  bool deep_only;
};

constexpr ParityRow kParity[] = {
    {"SELECT count(*) FROM (SELECT id FROM memories EXCEPT SELECT memory_id FROM memories_fts)",
     " memories have no full-text row", false},
    {"SELECT count(*) FROM (SELECT memory_id FROM memories_fts EXCEPT SELECT id FROM memories)",
     " full-text ids have no memory", false},
    {"SELECT count(*) - count(DISTINCT memory_id) FROM memories_fts",
     " full-text rows repeat the id of another one", false},
    {"SELECT count(*) FROM memories m JOIN memories_fts f ON f.memory_id = m.id"
     " WHERE f.claim IS NOT m.claim OR f.domains_json IS NOT m.domains_json",
     " full-text rows differ from their memory", true},
};

enum class Depth : std::uint8_t { kQuick, kDeep, kDeepButEventIndexes };

Status add_structure(sqlite::Connection& connection, std::string_view sql, Problems& problems) {
  CORTEX_ASSIGN(const std::vector<std::string> lines, text_column(connection, sql));
  for (const std::string& line : lines) {
    if (line == "ok") continue;
    std::string problem = cat("integrity_check: ", line);
    if (std::ranges::find(problems, problem) == problems.end()) {
      problems.push_back(std::move(problem));
    }
  }
  return {};
}

Status add_structure(sqlite::Connection& connection, Depth depth, Problems& problems) {
  const bool whole = depth == Depth::kDeep;
  CORTEX_TRY(
      add_structure(connection, whole ? "PRAGMA integrity_check" : "PRAGMA quick_check", problems));
  if (depth != Depth::kDeepButEventIndexes) return {};
  // What the quick check leaves out are the entries of indexes.
  return add_structure(
      connection,
      "SELECT p.integrity_check FROM sqlite_schema m, pragma_integrity_check(m.name) p"
      " WHERE m.type = 'table' AND m.name <> 'events'"
      " AND EXISTS (SELECT 1 FROM pragma_index_list(m.name))",
      problems);
}

Status add_event_indexes(sqlite::Connection& connection, Problems& problems) {
  CORTEX_ASSIGN(const bool present, object_exists(connection, "table", "events"));
  return present ? add_structure(connection, "PRAGMA integrity_check(events)", problems) : Status();
}

Status add_foreign_keys(sqlite::Connection& connection, Problems& problems) {
  CORTEX_ASSIGN(
      sqlite::Statement rows,
      connection.prepare("SELECT \"table\", rowid, parent FROM pragma_foreign_key_check"));
  while (true) {
    CORTEX_ASSIGN(const bool row, rows.step());
    if (!row) return {};
    problems.push_back(cat("foreign_key_check: row ", rows.column_int(1), " of ",
                           rows.column_text(0), " refers to no row of ", rows.column_text(2)));
  }
}

Status add_objects(sqlite::Connection& connection, Problems& problems) {
  for (const SchemaObject& object : kRequiredObjects) {
    CORTEX_ASSIGN(const bool present, object_exists(connection, object.type, object.name));
    if (!present) {
      problems.push_back(cat("schema_object: ", object.type, " ", object.name, " is missing"));
    }
  }
  return {};
}

Status add_parity(sqlite::Connection& connection, bool deep, Problems& problems) {
  for (const std::string_view table : {"memories", "memories_fts"}) {
    CORTEX_ASSIGN(const bool present, object_exists(connection, "table", table));
    if (!present) return {};  // reported as a missing object or by the schema check
  }
  for (const ParityRow& row : kParity) {
    if (row.deep_only && !deep) continue;
    CORTEX_ASSIGN(const std::int64_t wrong, connection.query_int(row.sql));
    if (wrong != 0) problems.push_back(cat("fts_parity: ", wrong, row.what));
  }
  return {};
}

// A check that fails because the file is damaged has found a problem; it has not failed.
Status absorb_damage(Status status, std::string_view check, Problems& problems) {
  if (status.ok()) return status;
  const sqlite::Failure failure = sqlite::failure_of(status.error());
  if (failure == sqlite::Failure::kBusy || failure == sqlite::Failure::kLocked ||
      failure == sqlite::Failure::kCannotOpen || failure == sqlite::Failure::kInputOutput ||
      failure == sqlite::Failure::kOutOfMemory || failure == sqlite::Failure::kNone) {
    return status;
  }
  problems.push_back(cat(check, ": ", status.error().message));
  return {};
}

Result<Problems> problems_of(sqlite::Connection& connection, Depth depth) {
  const bool deep = depth != Depth::kQuick;
  Problems problems;
  CORTEX_TRY(
      absorb_damage(add_structure(connection, depth, problems), "integrity_check", problems));
  CORTEX_TRY(absorb_damage(add_foreign_keys(connection, problems), "foreign_key_check", problems));
  CORTEX_TRY(absorb_damage(add_objects(connection, problems), "schema_object", problems));
  CORTEX_TRY(absorb_damage(add_parity(connection, deep, problems), "fts_parity", problems));
  return problems;
}

}  // namespace

Result<std::vector<std::string>> integrity_problems(sqlite::Connection& connection, bool deep) {
  return problems_of(connection, deep ? Depth::kDeep : Depth::kQuick);
}

Result<std::vector<std::string>> integrity_problems_but_event_indexes(
    sqlite::Connection& connection) {
  return problems_of(connection, Depth::kDeepButEventIndexes);
}

Status add_event_index_problems(sqlite::Connection& connection,
                                std::vector<std::string>& problems) {
  return absorb_damage(add_event_indexes(connection, problems), "integrity_check", problems);
}

}  // namespace cortex::store
