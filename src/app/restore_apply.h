// Replacing the active store and ledger by a stage, and getting the old ones back: `restore
// apply-stage`, `restore recover-apply`, `restore resume`.
#pragma once

#include <optional>
#include <string>

#include "app/layout.h"
#include "app/services.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/restore_checks.h"
#include "bundle/semantic_diff.h"
#include "bundle/stage.h"
#include "bundle/swap.h"
#include "bundle/verify.h"
#include "json/value.h"

namespace cortex::app {

struct ApplyStageRequest {
  Layout layout;
  std::string manifest, stage_dir;
  bool acknowledged_replacement = false;
  bool acknowledged_temporary = false;
  bool acknowledged_risk = false;
  bundle::AnchorFiles anchors;  // to hold after the restore
};

struct ApplyStageReport {
  std::string manifest, stage_dir;
  Layout layout;
  std::string audit_record_id;
  bundle::VerifyReport bundle;
  bundle::LedgerAudit staged_audit, active_audit;
  bundle::SemanticDiff diff;        // active store against the stage, before
  bundle::SemanticDiff diff_after;  // stage against the restored store
  bundle::AnchorEvidence anchors;
  std::string evidence_folder;
  json::Value data_loss;
};

// Only for data below the temporary folder. Errors: the specified codes; `unchanged` says whether
// the active store was left alone or brought back.
Result<ApplyStageReport> apply_stage(Services& services, const Environment& environment,
                                     const ApplyStageRequest& request,
                                     Progress* progress = nullptr);
json::Value to_json(const ApplyStageReport& report);

struct RecoverRequest {
  Layout layout;         // of the default store, whose timelines decide who may recover
  std::string manifest;  // RECOVERY_MANIFEST.json
  bool acknowledged_restore = false;
  bool acknowledged_temporary = false;
  std::optional<std::string> attestation;  // file with the operator's seed
  // Of a restore in production: the operator's signature over the recovery manifest, and his key.
  std::optional<std::string> manifest_signature, operator_key;
};

struct RecoverReport {
  std::string manifest, scope;
  std::string active_db, active_log, db_backup, log_backup;
  std::string audit_record_id;
};
Result<RecoverReport> recover_apply(Services& services, const Environment& environment,
                                    const RecoverRequest& request);
json::Value to_json(const RecoverReport& report);

struct ResumeReport {
  bool was_unfinished = false;
  std::string outcome;  // "nothing_to_do", "completed", "rolled_back"
  std::string operation;
  std::uint64_t ledger_rows = 0;
  std::string reason;        // why it was rolled back although that was not asked for, or empty
  std::string stale_marker;  // where the marker of a dead restore was moved to, or empty
};
// Finishes a restore that was interrupted, sets the marker that it left aside, and looks at the
// result in place in full; goes back where it cannot be finished, and always with `undo`. May be
// run any number of times.
Result<ResumeReport> restore_resume(Services& services, const Layout& layout, bool undo);
json::Value to_json(const ResumeReport& report);

// Shared by the commands that replace the pair. Of the new content that was looked at in full; in
// place it must have the digest of then, nothing but a rename has happened to it. kIntegrity.
Status check_in_place(Services& services, const bundle::SwapFile& file);
// The full look for bundle::SwapPlan.
bundle::LookFunction full_look(Services& services, Progress* progress = nullptr);
json::Value single_anchor_json(const bundle::AnchorEvidence& anchors);
json::Value anchor_history_json(const bundle::AnchorEvidence& anchors);
// What is kept of the replaced pair in `folder`.
json::Value evidence_json(const std::string& folder, const Layout& layout);
// Goes back after `why`; the error to report, with what became of the store.
Error rolled_back(bundle::Swap& swap, Error why);

}  // namespace cortex::app
