// The restore commands that only look: semantic snapshot and diff, the manifest of a migration, and
// the preflight. Nothing is written, except that the default store is migrated where it must be.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "app/layout.h"
#include "app/services.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/restore_lock.h"
#include "bundle/semantic_diff.h"
#include "bundle/snapshot.h"
#include "bundle/verify.h"
#include "json/value.h"

namespace cortex::app {

// True when the canonical path lies below the system's temporary folder, both the one that TMPDIR
// names and a fixed one: what commands for trials may replace.
bool is_temporary(Services& services, const Environment& environment, const std::string& path);

// Of the store at `store`, or of the default one, which is migrated when it is behind (the mirror
// is left as it is: what is shown is what the tables hold).
Result<bundle::Snapshot> restore_snapshot(Services& services, const Layout& layout,
                                          const std::optional<std::string>& store);

struct SnapshotSource {
  std::optional<std::string> file, store;
};
// Errors: kPrecondition unless each side is exactly one file or store; those of reading it.
Result<bundle::SemanticDiff> semantic_diff(Services& services, const SnapshotSource& current,
                                           const SnapshotSource& restored, bool acknowledged);
json::Value semantic_diff_report(const bundle::SemanticDiff& diff);

struct PostMigrateReport {
  std::string manifest;  // as given
  std::optional<std::string> recorded, recomputed;
  std::optional<Error> error;
};
PostMigrateReport verify_post_migrate_manifest(Services& services, const std::string& manifest);
json::Value to_json(const PostMigrateReport& report);

struct PreflightRequest {
  Layout layout;
  std::string manifest;
  std::optional<std::string> current_store, candidate_store;
  bool acknowledged = false;
  bool production_plan = false;
  std::optional<std::string> lock_marker;
};

struct PreflightReport {
  bundle::VerifyReport bundle;
  std::string candidate_store;
  std::optional<bundle::SemanticDiff> diff;  // with a candidate
  std::optional<bundle::LockProbe> probe;    // with the plan
  json::Value data_loss;                     // null without a candidate

  bool diff_allows() const { return diff && diff->allows(); }
  Code code() const { return diff_allows() && !probe ? Code::kOk : Code::kPrecondition; }
};
Result<PreflightReport> restore_preflight(Services& services, const Environment& environment,
                                          const PreflightRequest& request,
                                          Progress* progress = nullptr);
json::Value to_json(const PreflightReport& report);

// Shared by the reports of all restore commands.
json::Object restore_truth(std::string_view proof_state, std::string_view authority_class,
                           std::string_view claim_ceiling);
json::Value structural_verification(const bundle::VerifyReport& bundle);

}  // namespace cortex::app
