#include "store/schema_check.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>

#include "base/join.h"
#include "base/limits.h"
#include "base/text.h"
#include "store/migrations.h"
#include "store/schema_query.h"

namespace cortex::store {
namespace {

constexpr std::array<std::string_view, 15> kCheckedTables = {
    "_migrations",
    "audit_records",
    "authority_key_timeline",
    "authority_principal_timeline",
    "context_packs",
    "contradictions",
    "doctrine",
    "episodes",
    "events",
    "memories",
    "memory_session_uses",
    "outcome_memory_relations",
    "principles",
    "trace_events",
    "traces",
};

// Required columns, row by row for kCheckedTables, separated by blanks. The column
// doctrine.composed_policy_decision_json is not required.
constexpr std::array<std::string_view, kCheckedTables.size()> kRequiredColumns = {
    "name applied_at",
    "id operation target_ref before_hash after_hash reason actor_json source_refs_json created_at",
    "key_id principal_id state effective_at reason audit_ref",
    "principal_id trust_tier effective_at trust_review_due_at removed_at audit_ref",
    "id task pack_json selection_audit created_at consumer_advisory_json",
    "id left_ref right_ref contradiction_type status interpretation created_at updated_at",
    "id source_principle rule force promotion_reason promoted_by_json created_at",
    "id trace_id source_events_json summary domains_json entities_json candidate_meaning "
    "extracted_by_json confidence status summary_spans_json",
    "id schema_version observed_at recorded_at source_json event_type trace_id session_id "
    "domain_tags_json payload_json payload_hash prev_event_hash event_hash source_attestation_json",
    "id memory_type status claim source_episodes_json source_events_json domains_json "
    "salience_json confidence authority applies_when_json does_not_apply_when_json created_at "
    "updated_at summary_spans_json cross_session_use_count first_used_at "
    "last_cross_session_use_at last_validation_at validation_epoch blessed_until",
    "memory_id session_id first_used_at last_used_at use_count",
    "outcome_ref memory_id relation recorded_at source_event_id validation_scope "
    "validating_principal_id evidence_ref",
    "id statement status supporting_memories_json contradicting_memories_json "
    "domains_observed_json applies_when_json does_not_apply_when_json confidence validation "
    "brightness created_by_json created_at updated_at",
    "trace_id event_id ordinal",
    "id schema_version opened_at closed_at trace_type status",
};

using Failures = std::vector<SchemaFailure>;
// Of those checked tables that there are, by name.
using Columns = std::map<std::string, std::vector<std::string>, std::less<>>;

// In one statement: each look at one table compiles two.
Result<Columns> columns_of_tables(sqlite::Connection& connection) {
  CORTEX_ASSIGN(sqlite::Statement rows,
                connection.prepare(cat("SELECT t.name, c.name FROM sqlite_schema t"
                                       " CROSS JOIN pragma_table_info(t.name) c"
                                       " WHERE t.type = 'table' AND t.name IN ('",
                                       join(kCheckedTables, "', '"), "')")));
  Columns columns;
  while (true) {
    CORTEX_ASSIGN(const bool row, rows.step());
    if (!row) return columns;
    columns[std::string(rows.column_text(0))].emplace_back(rows.column_text(1));
  }
}

bool has_column(const Columns& tables, std::string_view table, std::string_view column) {
  const auto found = tables.find(table);
  return found != tables.end() && has_name(found->second, column);
}

void check_table(const Columns& tables, std::string_view table, std::string_view required,
                 Failures& failures) {
  if (!tables.contains(table)) {
    failures.push_back(
        {cat("schema_shape.", table, ".exists"), cat("the store has no table ", table)});
    return;
  }
  for (const std::string_view column : split(required, ' ')) {
    if (has_column(tables, table, column)) continue;
    failures.push_back({cat("schema_shape.", table, ".", column, ".exists"),
                        cat("table ", table, " has no column ", column)});
  }
}

Status check_migration_names(sqlite::Connection& connection, const Columns& tables,
                             Failures& failures) {
  if (!has_column(tables, "_migrations", "name")) return {};
  CORTEX_ASSIGN(const std::vector<std::string> names,
                text_column(connection, "SELECT name FROM _migrations ORDER BY name"));
  for (const std::string& name : names) {
    if (std::ranges::find(kMigrationNames, name) != kMigrationNames.end()) continue;
    failures.push_back(
        {"schema_migration.known_to_code",
         cat("the store records migration ", quoted(name), ", which this program does not know")});
  }
  return {};
}

Status check_newer_rows(sqlite::Connection& connection, const Columns& tables,
                        std::string_view table, Failures& failures) {
  if (!has_column(tables, table, "schema_version") || !has_column(tables, table, "id")) return {};
  static_assert(kSchemaVersion == 2, "the private indexes name the version too");
  CORTEX_ASSIGN(sqlite::Statement rows,
                connection.prepare(cat("SELECT id, schema_version FROM ", table,
                                       " WHERE schema_version > 2 ORDER BY id")));
  std::size_t shown = 0;
  std::size_t hidden = 0;
  while (true) {
    CORTEX_ASSIGN(const bool row, rows.step());
    if (!row) break;
    if (shown == limits::kFailuresShownMax) {
      ++hidden;
      continue;
    }
    ++shown;
    failures.push_back(
        {cat("schema_version.", table, ".matches_code"),
         cat("row ", quoted(rows.column_text(0)), " of ", table, " has schema_version ",
             quoted(rows.column_text(1)), ", this program reads up to ", kSchemaVersion)});
  }
  if (hidden > 0) failures.back().detail += cat(" (and ", hidden, " more such rows)");
  return {};
}

}  // namespace

std::string SchemaFailure::text() const { return cat(invariant, ": ", detail); }

std::span<const std::string_view> checked_tables() { return kCheckedTables; }

Result<std::vector<SchemaFailure>> check_schema(sqlite::Connection& connection) {
  Failures failures;
  CORTEX_ASSIGN(const Columns tables, columns_of_tables(connection));
  for (std::size_t i = 0; i < kCheckedTables.size(); ++i) {
    check_table(tables, kCheckedTables[i], kRequiredColumns[i], failures);
  }
  CORTEX_TRY(check_migration_names(connection, tables, failures));
  for (const std::string_view table : {"events", "traces"}) {
    CORTEX_TRY(check_newer_rows(connection, tables, table, failures));
  }
  return failures;
}

}  // namespace cortex::store
