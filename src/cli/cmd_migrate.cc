#include <utility>

#include "app/migrate.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

// Constant by format: callers of reference 0.1.2 look for these lines.
constexpr std::string_view kReadiness[] = {
    "default_v2_persistence_ready=true",
    "default_v2_write_enabled=true",
    "default_v2_cutover_ready=true",
    "cutover_readiness=ready",
    "cutover_readiness_missing_gates=0",
    "unattended_migrate_supported=requires_operator_attestation",
};
constexpr std::string_view kPrefix = "cortex migrate v2: ";

std::string readiness(std::string_view prefix) {
  std::string out;
  for (const std::string_view line : kReadiness) out += cat(prefix, line, "\n");
  return out;
}

json::Value transcript(bool dry_run, std::string_view label = "", json::Value value = {}) {
  json::Array entries;
  if (!label.empty()) {
    entries.emplace_back(json::Object{{"label", label}, {"value", std::move(value)}});
  }
  return json::Object{
      {"dry_run", dry_run}, {"schema_version_target", 2}, {"transcript", std::move(entries)}};
}

Outcome migrate_refused(const Context& context, const Error& error) {
  return failed(context, error, transcript(context.invocation.has("dry-run")));
}

Outcome refused_with_readiness(const Context& context, Code code, std::string message,
                               std::string next) {
  Error error = make_error(code, std::move(message));
  error.unchanged = "no state was changed";
  error.next = std::move(next);
  Outcome outcome = migrate_refused(context, error);
  outcome.diagnostics += readiness(kPrefix);
  return outcome;
}

std::string dry_run_text(const app::MigrationPlan& plan) {
  std::string versions;
  for (const std::int64_t version : plan.row_versions) {
    versions += cat(versions.empty() ? "" : ", ", version);
  }
  std::string out = "cortex migrate v2: dry-run ok\nexpected_schema_version=2\n";
  out += cat("observed_row_schema_versions=[", versions, "]\n");
  out += cat("event_chain_head=", plan.store_head.value_or("<none>"), "\n");
  out += cat("jsonl_event_chain_head=", plan.ledger_head.value_or("<none>"), "\n");
  for (const std::string& name : plan.applied_migrations) {
    out += cat("applied_migration=", name, "\n");
  }
  for (const auto& [table, rows] : plan.table_counts) {
    out += cat("table=", table, " rows=", rows, "\n");
  }
  for (const std::string& step : app::migration_steps()) out += cat("step=", step, "\n");
  out += cat("boundary_event_kind=", app::kBoundaryKind,
             "\nschema_version_target=2\nboundary_previous_v1_head_hash=", plan.previous_v1_head(),
             "\nmigration_script_digest=", app::kMigrationScriptDigest,
             "\nfixture_verification_result_hash=", plan.fixture_hash,
             "\noperator_attestation_mode=dry_run_not_collected\nboundary_preflight_ready=true\n"
             "cutover_authority=ok\ncutover_approved=false\n"
             "cutover_guard=requires_backup_manifest\n");
  return cat(out, readiness(""), "no state was changed\n");
}

Outcome dry_run(const Context& context, const app::Layout& layout) {
  const auto plan = app::migrate_dry_run(context.services, layout);
  if (!plan.ok()) return migrate_refused(context, plan.error());
  const std::string& refusal = plan->cutover_refusal;
  return {.text = dry_run_text(*plan),
          .diagnostics = refusal.empty()
                             ? ""
                             : cat(kPrefix, "note: a cutover will be refused: ", refusal, "\n"),
          .report = transcript(true, "dry_run_summary", app::dry_run_summary(*plan))};
}

std::vector<std::string> cutover_lines(const app::CutoverReport& report,
                                       const std::string& attestation_path) {
  const store::TableCounts& n = report.before;
  std::vector<std::string> lines = {
      cat("operator_attestation_path=", attestation_path),
      cat("operator_attestation_key_id=", report.attestation.operator_key_id),
      cat("operator_attestation_signed_at=",
          format_rfc3339(report.attestation.signed_at, Offset::kPlus00)),
      "operator_attestation_verified=true",
      cat("operator_temporal_authority_revalidated=true key_id=",
          report.attestation.operator_key_id, " valid_now=true"),
      "stage=backup-preflight-ready status=ready mutates_store=false enables_cutover=false",
      "stage=expand/backfill status=ready mutates_store=true enables_cutover=false",
      "stage=boundary-append-pending status=pending mutates_store=false enables_cutover=false",
      cat("stage=post-migration-audit-pending status=pending mutates_store=false",
          " enables_cutover=false"),
      "expand_backfill_added_columns=0",
      cat("legacy_event_attestations_backfilled=", report.attestations_backfilled),
      cat("boundary_previous_v1_head_hash=", report.plan.previous_v1_head()),
      cat("boundary_event_hash=", report.boundary_event_hash),
      cat("boundary_event_kind=", app::kBoundaryKind),
      "boundary_audit=ok",
      "post_migrate_mixed_chain_audit=ok",
      "post_cutover_audit_dispatch=available",
      cat("post_migrate_row_count_refusal=ok pre_events=", n.events, " pre_traces=", n.traces,
          " pre_episodes=", n.episodes, " pre_memories=", n.memories),
      "cutover_authority=ok",
      "cutover_approved=true",
      "cutover_guard=committed"};
  lines.insert(lines.end(), std::begin(kReadiness), std::end(kReadiness));
  lines.push_back(cat("backup_manifest_table_row_counts events=", n.events, " traces=", n.traces,
                      " episodes=", n.episodes, " memories=", n.memories));
  lines.push_back(cat("post_migrate_manifest=", report.manifest_path));
  lines.push_back(cat("post_migrate_manifest_blake3=", report.manifest_blake3));
  lines.emplace_back("migrate.post_manifest.chain_anchor.appended=ok");
  if (!report.key_is_bound) {
    lines.push_back(cat("note: the store does not know the public key of ",
                        quoted(report.attestation.operator_key_id),
                        "; any key could have signed under this id"));
  }
  lines.emplace_back("schema cutover complete. SCHEMA_VERSION=2 active");
  return lines;
}

Outcome cutover(const Context& context, const app::Layout& layout) {
  const Invocation& flags = context.invocation;
  const auto attestation = flags.optional("operator-attestation");
  const auto report =
      app::migrate_cutover(context.services, {layout, flags.value("backup-manifest"), attestation});
  if (!report.ok()) return migrate_refused(context, report.error());
  Outcome outcome;
  for (const std::string& line : cutover_lines(*report, *attestation)) {
    outcome.diagnostics += cat(kPrefix, line, "\n");
  }
  outcome.report = transcript(false, "cutover_summary", app::cutover_summary(*report));
  return outcome;
}

Outcome resume(const Context& context, const app::Layout& layout) {
  const auto report = app::migrate_resume(context.services, layout);
  if (!report.ok()) return migrate_refused(context, report.error());
  Outcome outcome;
  const std::string& hash = report->boundary_event_hash;
  outcome.diagnostics =
      report->no_op
          ? cat(kPrefix, "migrate.v2.resume_mirror.boundary_already_mirrored event_hash=", hash,
                "; nothing was left to do\n")
          : cat(kPrefix, "migrate.v2.resume_mirror.completed boundary_event_hash=", hash, "\n");
  if (!report->manifest_path.empty()) {
    outcome.diagnostics += cat(kPrefix, "post_migrate_manifest=", report->manifest_path, "\n");
  }
  outcome.report = transcript(false, "resume_mirror_summary", app::resume_summary(*report));
  return outcome;
}

}  // namespace

Outcome run_migrate_v2(const Context& context) {
  const Invocation& flags = context.invocation;
  const bool has_manifest = flags.has("backup-manifest");
  if (flags.has("resume-mirror")) {
    for (const char* other :
         {"dry-run", "backup-manifest", "unattended-migrate", "operator-attestation"}) {
      if (!flags.has(other)) continue;
      return migrate_refused(
          context,
          make_error(Code::kUsage, cat("--resume-mirror cannot be combined with --", other),
                     "no state was changed", "leave one of them out"));
    }
    const auto layout = context.layout();
    return layout.ok() ? resume(context, *layout) : migrate_refused(context, layout.error());
  }
  if (flags.has("unattended-migrate") && !flags.has("operator-attestation")) {
    return refused_with_readiness(context, Code::kPrecondition,
                                  "--unattended-migrate needs --operator-attestation",
                                  "sign one with `cortex migrate sign-operator-attestation`");
  }
  if (flags.has("dry-run") && has_manifest) {
    Error error = make_error(Code::kUsage, "--dry-run and --backup-manifest exclude each other");
    error.unchanged = "no state was changed";
    error.next = "leave one of them out";
    return migrate_refused(context, error);
  }
  if (!flags.has("dry-run") && !has_manifest) {
    return refused_with_readiness(context, Code::kUsage,
                                  "a cutover needs the manifest of a backup made just before",
                                  "see what it would do with --dry-run, or name --backup-manifest");
  }
  const auto layout = context.layout();
  if (!layout.ok()) return migrate_refused(context, layout.error());
  return flags.has("dry-run") ? dry_run(context, *layout) : cutover(context, *layout);
}

Outcome run_sign_attestation(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const std::string output = flags.value("output");
  const auto signed_one = app::sign_operator_attestation(
      context.services, {*layout, output, flags.value("signing-seed"),
                         flags.optional("operator-key-id").value_or("cortex-operator")});
  if (!signed_one.ok()) return failed(context, signed_one.error());
  const app::AttestedBoundary& boundary = signed_one->boundary;
  Outcome outcome;
  outcome.text =
      cat("cortex migrate sign-operator-attestation: ok\noperator_attestation_path=", output,
          "\noperator_key_id=", signed_one->operator_key_id,
          "\nsigned_at=", format_rfc3339(signed_one->signed_at, Offset::kPlus00),
          "\nboundary_previous_v1_head_hash=", boundary.previous_v1_head_hash,
          "\nmigration_script_digest=", boundary.migration_script_digest,
          "\nfixture_verification_result_hash=", boundary.fixture_verification_result_hash, "\n");
  return outcome;
}

Outcome run_seed_operator(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto seeded = app::seed_drill_operator(
      context.services, context.environment,
      {*layout, flags.value("operator-key-id"), flags.optional("principal-id").value_or(""),
       flags.optional("public-key")});
  if (!seeded.ok()) return failed(context, seeded.error());
  constexpr std::string_view kEffective = "1970-01-01T00:00:00+00:00";
  Outcome outcome;
  outcome.text = cat("cortex migrate seed-drill-operator: ok\noperator_key_id=", seeded->key_id,
                     " principal_id=", seeded->principal_id,
                     " trust_tier=operator key_state=active effective_at=", kEffective, "\n");
  if (!seeded->added) outcome.text += "it was registered already; nothing was changed\n";
  outcome.report = json::Object{{"added", seeded->added},
                                {"effective_at", kEffective},
                                {"key_state", "active"},
                                {"operator_key_id", seeded->key_id},
                                {"principal_id", seeded->principal_id},
                                {"trust_tier", "operator"}};
  return outcome;
}

}  // namespace cortex::cli
