#include "app/migration_plan.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/boundary.h"
#include "ledger/chain.h"
#include "ledger/verify.h"
#include "store/operation.h"
#include "store/schema_check.h"
#include "store/schema_query.h"
#include "store/v2_checks.h"

namespace cortex::app {
namespace {

Error plan_refused(Code code, std::string message, std::string next = "") {
  return make_error(code, std::move(message), "no state was changed", std::move(next));
}

// The newest event that no other one follows.
constexpr std::string_view kStoreHead =
    "SELECT event_hash FROM events WHERE event_hash IN (SELECT event_hash FROM events EXCEPT"
    " SELECT prev_event_hash FROM events) ORDER BY recorded_at DESC, id DESC LIMIT 1";
constexpr std::string_view kRowVersions =
    "SELECT schema_version FROM events UNION SELECT schema_version FROM traces ORDER BY 1";
constexpr std::string_view kTraceVersions = "SELECT count(*) FROM traces WHERE schema_version >= 2";
constexpr std::string_view kCountedTables[] = {"events",   "traces",        "episodes",
                                               "memories", "context_packs", "audit_records"};

Status check_shape(sqlite::Connection& db) {
  CORTEX_ASSIGN(auto failures, store::check_schema(db));
  CORTEX_ASSIGN(const auto partial, store::check_v2_shape(db));
  failures.insert(failures.end(), partial.begin(), partial.end());
  if (failures.empty()) return {};
  return plan_refused(Code::kSchema,
                      cat("the store is not ready to be migrated: ", failures.front().text()),
                      "run `cortex doctor --repair`");
}

Status read_versions(sqlite::Connection& db, MigrationPlan& plan) {
  CORTEX_ASSIGN(auto select, db.prepare(kRowVersions));
  for (;;) {
    CORTEX_ASSIGN(const bool found, select.step());
    if (!found) return {};
    plan.row_versions.push_back(select.column_int(0));
  }
}

Status read_counts(sqlite::Connection& db, MigrationPlan& plan) {
  for (const std::string_view table : kCountedTables) {
    CORTEX_ASSIGN(const std::int64_t rows, db.query_int(cat("SELECT count(*) FROM ", table)));
    plan.table_counts.emplace_back(table, static_cast<std::uint64_t>(rows));
  }
  return {};
}

Status check_heads(const MigrationPlan& plan) {
  if (!plan.ledger_head && !plan.store_head) {
    return plan_refused(
        Code::kPrecondition,
        "the migration requires a current v1 event_chain_head: there is no event yet",
        "a new store needs no migration");
  }
  if (plan.ledger_head && (!plan.store_head || plan.store_head == plan.ledger_head)) return {};
  return plan_refused(Code::kPrecondition,
                      cat("mismatched event heads: the store ends with ", *plan.store_head,
                          ", the ledger with ", plan.ledger_head.value_or("no event")),
                      "run `cortex doctor --repair`, which brings the store up to date");
}

json::Array counts_json(const std::vector<std::pair<std::string, std::uint64_t>>& counts) {
  json::Array out;
  for (const auto& [table, rows] : counts) {
    out.emplace_back(json::Object{{"rows", rows}, {"table", table}});
  }
  return out;
}

json::Array versions_json(const MigrationPlan& plan) {
  return json::Array(plan.row_versions.begin(), plan.row_versions.end());
}

std::string fixture_hash(const MigrationPlan& plan) {
  auto counts = plan.table_counts;
  std::ranges::sort(counts);
  auto migrations = plan.applied_migrations;
  std::ranges::sort(migrations);
  const json::Value transcript =
      json::Object{{"boundary_previous_v1_head_hash", plan.previous_v1_head()},
                   {"failures", json::Array{}},
                   {"fixture", json::Object{{"applied_migrations", json::array_of(migrations)},
                                            {"event_chain_head", json::or_null(plan.store_head)},
                                            {"expected_schema_version", store::kSchemaVersion},
                                            {"observed_row_schema_versions", versions_json(plan)},
                                            {"table_counts", counts_json(std::move(counts))}}},
                   {"migration_id", "schema_v2_dry_run_fixture_verification"},
                   {"steps", json::array_of(migration_steps())},
                   {"transcript_schema_version", 1}};
  return cat("blake3:", crypto::blake3_hex(json::canonical(transcript)));
}

}  // namespace

Status refuse_v2_rows(sqlite::Connection& db, const LedgerFacts& ledger) {
  CORTEX_ASSIGN(const std::int64_t traces, db.query_int(kTraceVersions));
  const std::uint64_t rows = ledger.v2_rows + static_cast<std::uint64_t>(traces);
  if (rows == 0) return {};
  return with_token(plan_refused(Code::kPrecondition,
                                 cat(counted(rows, "row"),
                                     " of schema v2 in a store that was never"
                                     " migrated: there is nothing to migrate"),
                                 "leave it as it is: a store that began with v2 needs no cutover"),
                    "migrate.v2.backup_manifest.pre_v2_kind_but_v2_rows_present");
}

const std::vector<std::string>& migration_steps() {
  static const std::vector<std::string> steps = {"preflight_schema_v1",
                                                 "inspect_v1_hash_chain_head",
                                                 "plan_expand_nullable_v2_columns",
                                                 "plan_legacy_unattested_backfill",
                                                 "plan_schema_migration_boundary_event",
                                                 "leave_schema_version_unchanged"};
  return steps;
}

Result<LedgerFacts> read_ledger_facts(fs::File& ledger, std::uint64_t size_bytes) {
  LedgerFacts facts;
  const auto on_row = [&facts](const core::DecodedEvent& row, std::uint64_t) -> Status {
    const core::Event& event = row.event;
    if (event.schema_version < 2) return {};
    if (ledger::is_boundary(event, row.raw_payload)) {
      if (!facts.boundary_hash) facts.boundary_hash = event.event_hash;
      return {};
    }
    const bool may_be = store::looks_like_operation(event, row.raw_payload);
    const auto operation = may_be ? store::decode_operation(event, row.raw_payload)
                                  : Result<std::optional<store::OperationRow>>(std::nullopt);
    if (!operation.ok() || !*operation) ++facts.v2_rows;
    return {};
  };
  auto chain = ledger::verify_chain(ledger, size_bytes, {.on_row = {on_row}});
  if (!chain.ok()) return with_code(std::move(chain).error(), Code::kPrecondition);
  facts.chain = std::move(chain).value();
  return facts;
}

Status refuse_boundary(const LedgerFacts& ledger) {
  const std::size_t boundaries = ledger.chain.boundary_lines.size();
  if (boundaries > 1) {
    return plan_refused(Code::kSchema, "the ledger holds more than one boundary row",
                        "restore the ledger from a backup");
  }
  if (boundaries == 1) {
    return plan_refused(
        Code::kPrecondition, "the boundary already exists: this ledger is one of v2",
        "nothing is to be done; `cortex migrate v2 --resume-mirror` completes a store"
        " that a lost cutover left behind");
  }
  return {};
}

Result<MigrationPlan> plan_migration(sqlite::Connection& db, const LedgerFacts& ledger) {
  CORTEX_TRY(check_shape(db));
  CORTEX_TRY(refuse_boundary(ledger));
  MigrationPlan plan;
  CORTEX_ASSIGN(plan.applied_migrations,
                store::text_column(db, "SELECT name FROM _migrations ORDER BY name"));
  CORTEX_TRY(read_versions(db, plan));
  CORTEX_ASSIGN(const auto heads, store::text_column(db, kStoreHead));
  if (!heads.empty()) plan.store_head = heads.front();
  plan.ledger_head = ledger.chain.head;
  CORTEX_TRY(check_heads(plan));
  CORTEX_TRY(read_counts(db, plan));
  plan.fixture_hash = fixture_hash(plan);
  const Status v1_only = refuse_v2_rows(db, ledger);
  if (!v1_only.ok()) plan.cutover_refusal = v1_only.error().message;
  return plan;
}

json::Value dry_run_summary(const MigrationPlan& plan) {
  return json::sorted(json::Object{{"applied_migrations", json::array_of(plan.applied_migrations)},
                                   {"boundary_event_kind", ledger::kBoundaryKind},
                                   {"boundary_preflight_ready", true},
                                   {"boundary_previous_v1_head_hash", plan.previous_v1_head()},
                                   {"cutover_approved", false},
                                   {"cutover_authority", "ok"},
                                   {"cutover_guard", "requires_backup_manifest"},
                                   {"event_chain_head", json::or_null(plan.store_head)},
                                   {"expected_schema_version", store::kSchemaVersion},
                                   {"fixture_verification_result_hash", plan.fixture_hash},
                                   {"jsonl_event_chain_head", json::or_null(plan.ledger_head)},
                                   {"migration_script_digest", ledger::kMigrationScriptDigest},
                                   {"observed_row_schema_versions", versions_json(plan)},
                                   {"operator_attestation_mode", "dry_run_not_collected"},
                                   {"steps", json::array_of(migration_steps())},
                                   {"table_counts", counts_json(plan.table_counts)}});
}

}  // namespace cortex::app
