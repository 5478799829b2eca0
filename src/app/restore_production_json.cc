// The report of `restore apply --production`.
#include <utility>

#include "app/restore_apply.h"
#include "app/restore_look.h"
#include "app/restore_production.h"
#include "base/text.h"

namespace cortex::app {
namespace {

json::Value policy(const ProductionReport& report) {
  using trust::Outcome;
  const bool lossy =
      report.diff.blocked > 0 || (report.loss && report.loss->ledger.rows_lost() > 0);
  const trust::Decision decision = trust::compose(
      {{"restore.apply.production.anchors", Outcome::kAllow,
        "the given anchors hold on the ledger before and after"},
       {"restore.apply.production.operator_temporal_authority", Outcome::kAllow,
        "the operator's key was entitled when the intent begins, and is now"},
       {"restore.apply.production.restore_intent", Outcome::kAllow,
        "the signed intent names this store, this bundle and this time"},
       {"restore.apply.production.semantic_diff", lossy ? Outcome::kBreakGlass : Outcome::kAllow,
        lossy ? "accepted state is lost; the operator has signed for exactly this loss"
              : "no accepted state is lost"}});
  return bundle::policy_json(
      decision, bundle::recovery_break_glass(report.diff.acknowledged, "restore.apply.production",
                                             cat("active_db:", report.request.layout.db_path)));
}

json::Value artifacts_json(const ProductionReport& report) {
  const bundle::ManifestFacts& manifest = report.bundle.manifest;
  return json::Object{
      {"jsonl_mirror", json::Object{{"manifest_blake3", manifest.ledger.blake3},
                                    {"path", report.request.layout.event_log_path},
                                    {"status", "active_digest_verified"}}},
      {"sqlite_store",
       json::Object{{"active_exact_digest", "not_claimed_final_sqlite_contains_command_audit_row"},
                    {"final_active_digest_claimed", false},
                    {"manifest_blake3", manifest.store.blake3},
                    {"path", report.request.layout.db_path},
                    {"status", "source_verified_before_cutover"}}},
      {"status", "active_jsonl_digest_verified"}};
}

json::Value schema_match(const ProductionReport& report) {
  return json::Object{{"active", 2}, {"manifest", report.bundle.manifest.schema_version}};
}

json::Value after_json(const ProductionReport& report) {
  json::Object diff =
      bundle::diff_block(report.diff_after, cat("candidate_store:", report.request.layout.db_path));
  diff.add("comparison", "staged_candidate_to_restored_active_store");
  return json::Object{
      {"anchors",
       json::Object{{"monotonic_history_extended", true},
                    {"post_mutation_anchor_history", anchor_history_json(report.anchors_after)},
                    {"post_mutation_single_anchor", single_anchor_json(report.anchors_after)},
                    {"pre_mutation",
                     json::Object{{"anchor_history", anchor_history_json(report.anchors_before)},
                                  {"single_anchor", single_anchor_json(report.anchors_before)}}}}},
      {"identity", report.identity},
      {"identity_inconsistent", false},
      {"jsonl_audit", to_json(report.active_audit)},
      {"manifest_artifacts", artifacts_json(report)},
      {"production_eligible", true},
      {"schema_version_match", schema_match(report)},
      {"semantic_diff", std::move(diff)},
      {"status", "verified"}};
}

json::Value intent_json(const ProductionReport& report) {
  return json::Object{{"canonical_blake3", report.intent.blake3},
                      {"deployment_id", report.intent.intent.deployment_id},
                      {"principal_id", report.intent.intent.operator_principal_id},
                      {"verified", true}};
}

}  // namespace

json::Value to_json(const ProductionReport& report) {
  const ProductionRequest& request = report.request;
  json::Object out{
      {"active_db", request.layout.db_path},
      {"active_event_log", request.layout.event_log_path},
      {"audit_operation", "command.restore.apply.production"},
      {"audit_record_id", report.audit_record_id},
      {"audit_verification", to_json(report.staged_audit)},
      {"command", "restore.apply.production"},
      {"cutover_performed", true},
      {"destructive_restore_supported", true},
      {"external_anchor_sink", report.sink},
      {"lock", json::Object{{"marker", bundle::lock_marker_path(request.layout.data_dir)},
                            {"released", true},
                            {"scope", "production"}}},
      {"manifest", request.manifest},
      {"mutated_store", true},
      {"policy_decision", policy(report)},
      {"post_restore_verification", after_json(report)},
      {"production_eligible", true},
      {"recorded_event", report.recorded_event},
      {"recovery_evidence", evidence_json(report.evidence_folder, request.layout)},
      {"restore_intent", intent_json(report)},
      {"restore_performed", true},
      {"rollback_performed", false},
      {"schema_version_match", schema_match(report)},
      {"semantic_diff",
       bundle::diff_block(
           report.diff, cat("candidate_store:", fs::join(request.stage_dir, bundle::kStoreName)))},
      {"stage_dir", request.stage_dir},
      {"staged_artifacts", "verified"},
      {"structural_verification", structural_verification(report.bundle)},
      {"truth_ceiling", restore_truth("full_chain_verified", "verified", "local_unsigned")}};
  if (report.loss) out.add("data_loss", to_json(*report.loss));
  return json::sorted(std::move(out));
}

}  // namespace cortex::app
