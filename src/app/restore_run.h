// `restore run`: a bundle back into the data folder, guided. Verify the bundle in full, say what
// would be lost, replace the pair, verify it in place, record it in the ledger.
#pragma once

#include <optional>
#include <string>

#include "app/layout.h"
#include "app/services.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/data_loss.h"
#include "bundle/semantic_diff.h"
#include "bundle/verify.h"
#include "json/value.h"

namespace cortex::app {

struct RestoreRunRequest {
  Layout layout;
  std::string bundle_dir;
  std::optional<std::string> identity_file{};  // age identities, for an encrypted bundle
  bool dry_run = false;
  bool acknowledged_risk = false;
  std::string client;  // for the ledger
};

struct RestoreRunReport {
  std::string bundle_dir;
  std::string source;  // "full", "encrypted", "incremental"
  Layout layout;
  bundle::VerifyReport bundle;
  std::optional<bundle::SemanticDiff> diff;  // absent: the active store cannot be read
  std::optional<bundle::DataLoss> loss;      // absent: nothing there to be lost, or unreadable
  std::string current_problem;               // why the active store cannot be read, or empty
  bool dry_run = false;
  bool acknowledged = false;
  bool restored = false;
  std::uint64_t ledger_rows = 0;  // of the restored ledger, before its own record
  std::string evidence_folder;    // the files from before
  std::string recorded_event;     // the ledger row about the restore, or empty
  std::string note;               // what else is to be known, or empty

  // Something would be lost, or nobody can say.
  bool at_risk() const {
    return !current_problem.empty() || (diff && diff->blocked > 0) || (loss && loss->any());
  }
  bool blocked() const { return at_risk() && !acknowledged; }
};

// A blocked run and a dry run are reports in which nothing was changed. Errors: those of the
// verification; kInternal for the device; with a failure behind the replacement the files from
// before are back, or `unchanged` says that the restore is unfinished.
Result<RestoreRunReport> restore_run(Services& services, const Environment& environment,
                                     const RestoreRunRequest& request,
                                     Progress* progress = nullptr);
json::Value to_json(const RestoreRunReport& report);

}  // namespace cortex::app
