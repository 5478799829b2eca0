// `restore apply --production`: replaces the store of a site by a stage, on the signed intent of an
// operator, witnessed, with anchors that hold before and after.
//
// Everything that depends on inputs alone is checked before the first write, the witness is asked
// before the replacement, and whatever fails behind it brings the files from before back.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/restore_witness.h"
#include "app/services.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/data_loss.h"
#include "bundle/restore_checks.h"
#include "bundle/restore_intent.h"
#include "bundle/semantic_diff.h"
#include "bundle/stage.h"
#include "bundle/verify.h"
#include "json/value.h"
#include "sqlite/connection.h"
#include "store/operation.h"

namespace cortex::app {

struct ProductionRequest {
  Layout layout;
  std::string manifest, stage_dir;
  std::string intent, intent_signature, operator_key;
  bundle::AnchorFiles anchors;  // both are required
  WitnessRequest witness;       // its key and intent are filled in by the run
  bool production = false;
  bool acknowledged_destruction = false, acknowledged_replacement = false;
  bool acknowledged_risk = false;  // counts only with an intent that accepts this loss
  bool takeover = false;
  std::optional<std::string> takeover_attestation, takeover_signature;
  std::string client;  // for the ledger
};

struct ProductionReport {
  Code code = Code::kOk;
  std::optional<Error> error;      // present unless `code` is kOk
  std::vector<std::string> notes;  // lines for stderr, in order
  std::string ending;              // the last line for stderr of a restore that was rolled back
  ProductionRequest request;
  bundle::VerifyReport bundle;
  bundle::LedgerAudit staged_audit, active_audit;
  bundle::ReadIntent intent;
  bundle::SemanticDiff diff, diff_after;
  std::optional<bundle::DataLoss> loss;
  bundle::AnchorEvidence anchors_before, anchors_after;
  json::Object sink;
  std::string identity;  // what the restored store says about its operator
  std::string evidence_folder, audit_record_id;
  std::string recorded_event;  // the ledger row about the restore, or empty
};

// Codes and tokens: docs/formats.md, "Restore in production".
ProductionReport restore_production(Services& services, const Environment& environment,
                                    const ProductionRequest& request, Progress* progress = nullptr);

json::Value to_json(const ProductionReport& report);

// Applies the ledger row of a restore that was rolled back: its row of audit_records.
Status apply_restore_rolled_back(sqlite::Connection& db, const store::OperationRow& row);

}  // namespace cortex::app
