#include "app/restore_stage.h"

#include <utility>

#include "app/restore_look.h"
#include "base/text.h"
#include "bundle/data_loss.h"

namespace cortex::app {
namespace {

Error stage_refused(std::string message, std::string next) {
  return make_error(Code::kPrecondition, std::move(message), "no state was changed",
                    std::move(next));
}

json::Value policy(const StageReport& report) {
  using trust::Outcome;
  const bool allowed = report.staged();
  return bundle::policy_json(
      trust::compose({{"restore.stage.destructive_intent", Outcome::kAllow,
                       "the operator acknowledged a destructive restore"},
                      {"restore.stage.manifest_digest", Outcome::kAllow,
                       "sizes and digests are those of the manifest"},
                      {"restore.stage.semantic_diff", allowed ? Outcome::kAllow : Outcome::kReject,
                       cat("the comparison says ", bundle::severity_token(report.diff.severity))}}),
      bundle::recovery_break_glass(report.diff.acknowledged, "restore.stage",
                                   cat("stage_dir:", report.stage_dir)));
}

}  // namespace

Result<StageReport> restore_stage(Services& services, const StageRequest& request,
                                  Progress* progress) {
  if (!request.acknowledged_destruction) {
    return stage_refused(
        "--acknowledge-destructive-restore is required: a stage is the first step of a"
        " restore that replaces the active store",
        "run again with the flag");
  }
  const auto existing = services.fs.stat(request.stage_dir);
  if (!existing.ok() || existing->kind != fs::Kind::kMissing) {
    return stage_refused(cat("the stage ", quoted(request.stage_dir), " already exists"),
                         "remove it, or name another --stage-dir");
  }
  StageReport report;
  report.stage_dir = request.stage_dir;
  CORTEX_ASSIGN(report.bundle,
                bundle::verify_bundle(services.fs, request.manifest, false, progress));
  CORTEX_ASSIGN(auto stage,
                bundle::Stage::begin(services.fs, request.stage_dir, request.process_id));
  CORTEX_TRY(stage->fill(report.bundle, progress));
  report.candidate_store = stage->store_path();
  CORTEX_ASSIGN(report.audit,
                bundle::audit_ledger(services.fs, stage->ledger_path(), report.bundle.manifest));
  const std::string current = request.current_store.value_or(request.layout.db_path);
  CORTEX_ASSIGN(report.diff, semantic_diff(services, {.file = {}, .store = current},
                                           {.file = {}, .store = report.candidate_store},
                                           request.acknowledged_risk));
  const auto loss = bundle::find_data_loss(services.fs, {current, request.layout.event_log_path},
                                           {report.candidate_store, stage->ledger_path()});
  if (loss.ok()) report.data_loss = to_json(*loss);
  if (report.staged()) CORTEX_TRY(stage->publish());
  return report;
}

json::Value to_json(const StageReport& report) {
  const bool acknowledged = report.diff.acknowledged;
  json::Object out{
      {"audit_verification", to_json(report.audit)},
      {"command", "restore.stage"},
      {"cutover_performed", false},
      {"destructive_restore_staged", report.staged()},
      {"destructive_restore_supported", false},
      {"manifest", report.bundle.manifest_path},
      {"mutated_store", false},
      {"policy_decision", policy(report)},
      {"restore_performed", false},
      {"semantic_diff",
       bundle::diff_block(report.diff, cat("candidate_store:", report.candidate_store))},
      {"stage_dir", report.stage_dir},
      {"structural_verification", structural_verification(report.bundle)},
      {"truth_ceiling", restore_truth("full_chain_verified", acknowledged ? "verified" : "observed",
                                      "local_unsigned")}};
  if (!report.data_loss.is_null()) out.add("data_loss", report.data_loss);
  return json::sorted(std::move(out));
}

}  // namespace cortex::app
