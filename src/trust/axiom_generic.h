// Generic axiom admission: one envelope about one candidate, judged without any store
// (docs/formats.md, "Axiom admission"). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "trust/axiom_exchange.h"
#include "trust/policy.h"
#include "trust/semantic.h"

namespace cortex::trust {

// The words of the envelope, each from its list (axiom_generic.cc).
struct AdmissionRequest {
  std::string candidate_state;  // "candidate", ...
  std::string evidence_class;   // "observed", ...
  std::string phase_context;    // "work_record", ...
  std::string tool_name, invocation_id, import_class;
  std::vector<std::string> anchors;  // their references
  std::string redaction_status;
  std::string proof_state;
  std::string contradiction_scan;  // "scanned_clean", "incomplete", "not_scanned", "open"
  bool explicit_non_promotion = false;
};

// Members that are not known are ignored; missing ones, other types and unknown words are errors:
// kQuarantined.
Result<AdmissionRequest> read_admission(const json::Value& document);

// The request that an execution receipt amounts to: at best a candidate in quarantine, until
// somebody records a clean contradiction scan. Errors as read_admission().
Result<AdmissionRequest> admission_of_receipt(const json::Value& receipt);

struct AdmissionDecision {
  Admission admission = Admission::kReject;
  Decision policy;
  std::vector<std::string_view> failed;  // rules in the order of the checks: "open_contradiction"
  Provenance provenance = Provenance::kUnknown;
  SemanticReport semantic;
};

// All checks run; rejecting ones win over quarantining ones.
AdmissionDecision decide_admission(const AdmissionRequest& request);

}  // namespace cortex::trust
