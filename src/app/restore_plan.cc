// The report of `restore preflight`, with the plan of a production restore.
#include <utility>

#include "app/restore_look.h"
#include "base/text.h"

namespace cortex::app {
namespace {

struct Gate {
  std::string_view name, reason;
};

// In the order of the format.
constexpr Gate kRestoreGates[] = {
    {"schema_v2_cutover", "the restored schema is judged when the restore is applied"},
    {"production_identity_attestation", "a restore in production needs a signed intent"},
    {"active_store_lock", "the lock is held from the last check to the last verification"},
    {"atomic_cutover_protocol", "the replacement is journaled by `restore apply --production`"},
    {"external_anchor_revalidation", "anchors are checked against the ledger before"},
    {"post_restore_audit_and_semantic_recheck", "chain and meaning are checked in place after"},
    {"post_restore_anchor_revalidation", "anchors are checked against the restored ledger"},
};

json::Value gates_after() {
  const json::Object later{{"required", true}, {"status", "blocked_until_cutover"}};
  return json::Object{{"anchors", json::Object{{"required", true},
                                               {"status", "missing_external_anchor_authority"}}},
                      {"executed", false},
                      {"jsonl_audit", later},
                      {"manifest_artifacts", later},
                      {"reason", "these gates run after the cutover, and a preflight makes none"},
                      {"semantic_diff", later},
                      {"status", "blocked"}};
}

json::Value plan_json(const PreflightReport& report) {
  if (!report.probe) return json::Object{{"requested", false}};
  json::Array required;
  for (const Gate& gate : kRestoreGates) {
    const bool probed = gate.name == "active_store_lock" && report.probe->verified;
    required.emplace_back(json::Object{{"gate", gate.name},
                                       {"reason", gate.reason},
                                       {"status", probed ? "preflight_only" : "missing"}});
  }
  json::Object gates{{"active_store_lock", report.probe->status},
                     {"manifest_and_artifact_verification", "satisfied"},
                     {"post_restore_verification", "blocked"},
                     {"schema_v2_cutover", "blocked"},
                     {"semantic_diff", report.diff_allows() ? "satisfied" : "blocked"}};
  return json::Object{
      {"active_store_lock", to_json(*report.probe)},
      {"decision", "precondition_unmet"},
      {"mutation_command_available", false},
      {"mutation_supported", false},
      {"post_restore_verification_gates", gates_after()},
      {"preflight_gates", std::move(gates)},
      {"requested", true},
      {"required_gates", std::move(required)},
      {"restore_mode", "production_active_store"},
      {"safe_next_step",
       "stage the bundle, sign an intent with `cortex restore intent build`, then run `cortex"
       " restore apply --production`"},
      {"status", "blocked"}};
}

json::Value policy(const PreflightReport& report) {
  using trust::Outcome;
  std::vector<trust::Contribution> votes{{"restore.preflight.manifest_digest", Outcome::kAllow,
                                          "sizes and digests are those of the manifest"}};
  if (!report.diff) {
    votes.push_back({"restore.preflight.semantic_diff", Outcome::kAllow,
                     "no candidate was given, nothing was compared"});
  } else {
    votes.push_back({"restore.preflight.semantic_diff",
                     report.diff_allows() ? Outcome::kAllow : Outcome::kReject,
                     cat("the comparison says ", bundle::severity_token(report.diff->severity))});
  }
  if (report.probe) {
    votes.push_back({"restore.preflight.production_active_store_plan", Outcome::kReject,
                     "a preflight never replaces the active store"});
  }
  return bundle::policy_json(trust::compose(std::move(votes)), nullptr);
}

json::Value diff_json(const PreflightReport& report) {
  if (report.diff) {
    return bundle::diff_block(*report.diff, cat("candidate_store:", report.candidate_store));
  }
  return json::Object{{"executed", false},
                      {"reason", "give --candidate-store to compare it with the current store"},
                      {"required", true},
                      {"status", "required_not_executed"}};
}

}  // namespace

json::Value to_json(const PreflightReport& report) {
  const bool proven = report.diff_allows();
  json::Object out{
      {"command", "restore.preflight"},
      {"cutover_performed", false},
      {"destructive_restore_supported", false},
      {"manifest", report.bundle.manifest_path},
      {"mutated_store", false},
      {"policy_decision", policy(report)},
      {"production_active_store_plan", plan_json(report)},
      {"restore_performed", false},
      {"semantic_diff", diff_json(report)},
      {"structural_verification", structural_verification(report.bundle)},
      {"truth_ceiling", restore_truth(proven ? "full_chain_verified" : "unknown", "observed",
                                      proven ? "local_unsigned" : "dev_only")}};
  if (!report.data_loss.is_null()) out.add("data_loss", report.data_loss);
  return json::sorted(std::move(out));
}

}  // namespace cortex::app
