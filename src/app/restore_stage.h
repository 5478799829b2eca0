// `restore stage`: verify a bundle, copy it into a stage beside the data, audit the copy and say
// what restoring it would take away. The active store is only looked at.
#pragma once

#include <optional>
#include <string>

#include "app/layout.h"
#include "app/services.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/semantic_diff.h"
#include "bundle/stage.h"
#include "bundle/verify.h"
#include "json/value.h"

namespace cortex::app {

struct StageRequest {
  Layout layout;
  std::string manifest, stage_dir;
  std::optional<std::string> current_store;
  bool acknowledged_destruction = false;
  bool acknowledged_risk = false;
  long process_id = 0;
};

struct StageReport {
  std::string stage_dir;  // as given
  bundle::VerifyReport bundle;
  bundle::LedgerAudit audit;
  bundle::SemanticDiff diff;
  std::string candidate_store;  // inside the temporary folder
  json::Value data_loss;        // null when the current ledger cannot be read

  bool staged() const { return diff.allows(); }
};

// A candidate that would take accepted state away, without the acknowledgement, is no error: the
// report says so, and nothing was staged. Errors: kPrecondition, kSchema, kQuarantined, kIntegrity,
// kChain, kInternal.
Result<StageReport> restore_stage(Services& services, const StageRequest& request,
                                  Progress* progress = nullptr);

json::Value to_json(const StageReport& report);

}  // namespace cortex::app
