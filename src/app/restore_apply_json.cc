// The reports of `restore apply-stage`, `recover-apply` and `resume`.
#include <utility>

#include "app/restore_apply.h"
#include "app/restore_look.h"
#include "base/text.h"

namespace cortex::app {
namespace {

json::Value anchors_json(const bundle::AnchorEvidence& anchors) {
  if (!anchors.any()) {
    return json::Object{{"anchor_history", nullptr},
                        {"executed", false},
                        {"production_anchor_authority", false},
                        {"reason", "no anchor was given"},
                        {"required_for_production", true},
                        {"single_anchor", nullptr},
                        {"status", "not_configured"}};
  }
  return json::Object{{"anchor_history", anchor_history_json(anchors)},
                      {"executed", true},
                      {"production_anchor_authority", false},
                      {"reason",
                       "anchor files beside the data are weak evidence: whoever can"
                       " change the data can change them"},
                      {"required_for_production", true},
                      {"single_anchor", single_anchor_json(anchors)},
                      {"status", "verified_local_weak_anchor_evidence"}};
}

json::Value artifacts_json(const ApplyStageReport& report) {
  const bundle::ManifestFacts& manifest = report.bundle.manifest;
  return json::Object{
      {"jsonl_mirror", json::Object{{"manifest_blake3", manifest.ledger.blake3},
                                    {"path", report.layout.event_log_path},
                                    {"status", "active_digest_verified"}}},
      {"sqlite_store",
       json::Object{{"active_exact_digest", "not_claimed_final_sqlite_contains_command_audit_row"},
                    {"final_active_digest_claimed", false},
                    {"manifest_blake3", manifest.store.blake3},
                    {"path", report.layout.db_path},
                    {"restored_payload_blake3", manifest.store.blake3},
                    {"status", "source_verified_before_cutover"}}},
      {"status", "source_verified_active_jsonl_verified_sqlite_payload_semantically_verified"}};
}

json::Value after_json(const ApplyStageReport& report) {
  json::Object diff =
      bundle::diff_block(report.diff_after, cat("candidate_store:", report.layout.db_path));
  diff.add("comparison", "staged_candidate_to_restored_active_store");
  return json::Object{
      {"anchors", anchors_json(report.anchors)},
      {"jsonl_audit", to_json(report.active_audit)},
      {"manifest_artifacts", artifacts_json(report)},
      {"production_blockers",
       json::Array{"schema_v2_cutover_incomplete", "production_lock_not_held_across_mutation",
                   "external_anchor_authority_unproven",
                   "production_identity_attestation_missing"}},
      {"production_eligible", false},
      {"semantic_diff", std::move(diff)},
      {"status", "verified_for_temp_test_anchor_authority_unproven"}};
}

json::Value policy(const ApplyStageReport& report) {
  using trust::Outcome;
  const bool anchored = report.anchors.any();
  return bundle::policy_json(
      trust::compose(
          {{"restore.apply_stage.post_restore_anchor", anchored ? Outcome::kAllow : Outcome::kWarn,
            anchored ? "the restored ledger holds the given anchors" : "no anchor was given"},
           {"restore.apply_stage.operator_temporal_authority", Outcome::kAllow,
            "a trial below the temporary folder: nobody's authority was asked for or checked"}}),
      bundle::recovery_break_glass(report.diff.acknowledged, "restore.apply_stage",
                                   cat("active_db:", report.layout.db_path)));
}

void add_mutation(json::Object& out) {
  for (const char* key : {"cutover_performed", "destructive_restore_supported", "mutated_store",
                          "restore_performed"}) {
    out.add(key, true);
  }
  out.add("truth_ceiling", restore_truth("full_chain_verified", "verified", "local_unsigned"));
}

}  // namespace

json::Value single_anchor_json(const bundle::AnchorEvidence& anchors) {
  if (!anchors.files.anchor) return json::Object{{"requested", false}};
  return json::Object{{"event_count", anchors.anchor_count},
                      {"path", *anchors.files.anchor},
                      {"requested", true},
                      {"rows_scanned", anchors.rows},
                      {"status", "verified"}};
}

json::Value anchor_history_json(const bundle::AnchorEvidence& anchors) {
  if (!anchors.files.history) return json::Object{{"requested", false}};
  return json::Object{{"anchors_verified", anchors.history_anchors},
                      {"latest_event_count", anchors.history_latest},
                      {"path", *anchors.files.history},
                      {"requested", true},
                      {"rows_scanned", anchors.rows},
                      {"status", "verified"}};
}

json::Value evidence_json(const std::string& folder, const Layout& layout) {
  return json::Object{
      {"active_db_backup", fs::join(folder, cat("current.", fs::name_of(layout.db_path)))},
      {"active_event_log_backup",
       fs::join(folder, cat("current.", fs::name_of(layout.event_log_path)))},
      {"manifest", fs::join(folder, bundle::kRecoveryManifest)},
      {"status", bundle::kRecoveryStatus}};
}

json::Value to_json(const ApplyStageReport& report) {
  json::Object out{
      {"active_db", report.layout.db_path},
      {"active_event_log", report.layout.event_log_path},
      {"audit_operation", "command.restore.apply_stage"},
      {"audit_record_id", report.audit_record_id},
      {"audit_verification", to_json(report.staged_audit)},
      {"command", "restore.apply_stage"},
      {"manifest", report.manifest},
      {"policy_decision", policy(report)},
      {"post_restore_verification", after_json(report)},
      {"recovery_evidence", evidence_json(report.evidence_folder, report.layout)},
      {"semantic_diff",
       bundle::diff_block(report.diff,
                          cat("candidate_store:", fs::join(report.stage_dir, bundle::kStoreName)))},
      {"stage_dir", report.stage_dir},
      {"staged_artifacts", "verified"},
      {"structural_verification", structural_verification(report.bundle)}};
  add_mutation(out);
  if (!report.data_loss.is_null()) out.add("data_loss", report.data_loss);
  return json::sorted(std::move(out));
}

json::Value to_json(const RecoverReport& report) {
  using trust::Outcome;
  const trust::Decision decision =
      trust::compose({{"restore.recover_apply.current_backup_digest", Outcome::kAllow,
                       "the kept files have the digests of the recovery manifest"},
                      {"restore.recover_apply.operator_temporal_authority", Outcome::kAllow,
                       "the operator's key is entitled now"},
                      {"restore.recover_apply.recovery_manifest_digest", Outcome::kAllow,
                       "the recovery manifest carries no digest of itself"}});
  json::Object out{{"active_db", report.active_db},
                   {"active_db_backup", report.db_backup},
                   {"active_event_log", report.active_log},
                   {"active_event_log_backup", report.log_backup},
                   {"audit_operation", "command.restore.recover_apply"},
                   {"audit_record_id", report.audit_record_id},
                   {"command", "restore.recover_apply"},
                   {"manifest", report.manifest},
                   {"policy_decision", bundle::policy_json(decision, nullptr)},
                   {"recovery_status", "current_backups_restored_with_command_audit_row"},
                   {"scope", report.scope}};
  add_mutation(out);
  return json::sorted(std::move(out));
}

json::Value to_json(const ResumeReport& report) {
  return json::Object{
      {"ledger_rows", report.ledger_rows},   {"operation", report.operation},
      {"outcome", report.outcome},           {"reason", report.reason},
      {"stale_marker", report.stale_marker}, {"was_unfinished", report.was_unfinished}};
}

}  // namespace cortex::app
