#include "app/migrate.h"

#include <utility>

#include "app/open_store.h"
#include "app/operations.h"
#include "base/fs/fs.h"
#include "base/fs/trees.h"
#include "base/text.h"
#include "crypto/key_file.h"
#include "ledger/boundary.h"
#include "ledger/tail.h"
#include "store/open.h"
#include "store/timelines.h"

namespace cortex::app {
namespace {

constexpr std::string_view kSeedGate = "CORTEX_DRILL_ALLOW_SEED_OPERATOR";
constexpr std::string_view kSeedOperation = "authority.seed_drill_operator";
constexpr std::string_view kSeedTime = "1970-01-01T00:00:00+00:00";
constexpr std::string_view kSeedReason = "v1-to-v2-drill: seed-drill-operator surface";

Error migrate_refused(std::string message, std::string next = "") {
  return make_error(Code::kPrecondition, std::move(message), "no state was changed",
                    std::move(next));
}

// Ledger first: what the store then holds beyond it is no mismatch of this look.
Result<LedgerFacts> look_at_ledger(Services& services, const Layout& layout) {
  auto file = services.fs.open(layout.event_log_path, fs::Open::kRead);
  if (!file.ok()) return with_code(std::move(file).error(), Code::kPrecondition);
  CORTEX_ASSIGN(const std::uint64_t size, ledger::settled_size(**file));
  return read_ledger_facts(**file, size);
}

}  // namespace

Result<MigrationPlan> migrate_dry_run(Services& services, const Layout& layout) {
  CORTEX_TRY(require_store(services, layout));
  CORTEX_ASSIGN(const LedgerFacts ledger, look_at_ledger(services, layout));
  std::optional<MigrationPlan> plan;
  CORTEX_TRY(store::inspect(services.fs, layout.db_path, [&](sqlite::Connection& db) -> Status {
    CORTEX_ASSIGN(plan, plan_migration(db, ledger));
    return {};
  }));
  return std::move(*plan);
}

Result<MigrationAttestation> sign_operator_attestation(Services& services,
                                                       const SignMigrationRequest& request) {
  CORTEX_ASSIGN(const MigrationPlan plan, migrate_dry_run(services, request.layout));
  auto key = crypto::read_signing_key(services.fs, request.seed_path);
  if (!key.ok()) return with_code(std::move(key).error(), Code::kPrecondition);
  MigrationAttestation attestation = sign_migration(
      *key, request.key_id,
      {plan.previous_v1_head(), std::string(ledger::kMigrationScriptDigest), plan.fixture_hash},
      services.clock.now());
  CORTEX_ASSIGN(const fs::Info info, services.fs.lstat(request.output));
  if (info.kind != fs::Kind::kMissing) CORTEX_TRY(services.fs.remove_file(request.output));
  CORTEX_TRY(fs::publish_new(services.fs, request.output, attestation_text(attestation), 0600));
  return attestation;
}

Result<SeedReport> seed_drill_operator(Services& services, const Environment& environment,
                                       const SeedRequest& request) {
  if (environment.get(kSeedGate) != "1") {
    return with_token(migrate_refused("registering an operator for drills is not allowed here",
                                      cat("for a drill, run it again with ", kSeedGate, "=1")),
                      "migrate.seed_drill_operator.gate_not_set");
  }
  if (is_blank(request.key_id)) {
    return with_code(migrate_refused("the operator key id is blank"), Code::kUsage);
  }
  SeedReport report{request.key_id, request.principal_id, false};
  if (report.principal_id.empty()) report.principal_id = cat(report.key_id, "-principal");
  store::Operation operation{std::string(kSeedOperation),
                             {{"key_id", report.key_id}, {"principal_id", report.principal_id}}};
  if (request.public_key) {
    auto key = crypto::read_public_key(services.fs, *request.public_key);
    if (!key.ok()) return with_code(std::move(key).error(), Code::kPrecondition);
    operation.args.add("public_key", crypto::key_id(*key));
  }
  const auto plan = [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
    CORTEX_ASSIGN(const bool there, store::has_key_row(db, report.key_id, kSeedTime));
    CORTEX_ASSIGN(const auto bound, store::bound_public_key(db, report.key_id));
    const json::Value* key = operation.args.find("public_key");
    if (there && (key == nullptr || (bound && *bound == *key->as_string()))) {
      return std::vector<store::Operation>();
    }
    return std::vector{operation};
  };
  CORTEX_ASSIGN(const Recorded recorded,
                perform(services, request.layout, {.actor = "operator", .reason = "drill"}, plan));
  report.added = !recorded.event_ids.empty();
  return report;
}

Status apply_seed_drill_operator(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const std::string key_id, row.text_arg("key_id"));
  CORTEX_ASSIGN(const std::string principal_id, row.text_arg("principal_id"));
  CORTEX_TRY(store::add_principal_row(
      db, {principal_id, trust::Tier::kOperator, std::string(kSeedTime), {}, {}}));
  CORTEX_TRY(store::add_key_row(db, {key_id, principal_id, trust::KeyState::kActive,
                                     std::string(kSeedTime), std::string(kSeedReason)}));
  const std::string* public_key = row.arg("public_key").as_string();
  if (public_key == nullptr) return {};
  return store::bind_public_key(db, key_id, *public_key,
                                format_rfc3339(row.recorded_at, Offset::kPlus00));
}

json::Value cutover_summary(const CutoverReport& report) {
  return json::sorted(
      json::Object{{"boundary_event_hash", report.boundary_event_hash},
                   {"boundary_previous_v1_head_hash", report.plan.previous_v1_head()},
                   {"cutover_approved", true},
                   {"cutover_authority", "ok"},
                   {"cutover_guard", "committed"},
                   {"fixture_verification_result_hash", report.plan.fixture_hash},
                   {"migration_script_digest", ledger::kMigrationScriptDigest},
                   {"post_migrate_manifest", report.manifest_path},
                   {"post_migrate_manifest_blake3", report.manifest_blake3},
                   {"post_migrate_row_count_refusal", "ok"},
                   {"schema_version_active", 2}});
}

json::Value resume_summary(const MigrationResume& report) {
  json::Object out{{"boundary_event_hash", report.boundary_event_hash},
                   {"invariant", report.no_op ? "migrate.v2.resume_mirror.boundary_already_mirrored"
                                              : "migrate.v2.resume_mirror.completed"},
                   {"mirrored", report.mirrored},
                   {"no_op", report.no_op}};
  if (!report.no_op) {
    out.add("boundary_event_kind", ledger::kBoundaryKind);
    out.add("schema_skeleton_added_columns", json::Array{});
    out.add("schema_skeleton_created_tables", json::Array{});
    out.add("schema_skeleton_replayed", false);
    if (!report.manifest_path.empty()) out.add("post_migrate_manifest", report.manifest_path);
  }
  return json::sorted(std::move(out));
}

}  // namespace cortex::app
