// The evidence of a gate: read, and judged as far as that goes without witnesses.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/gate.h"
#include "app/services.h"
#include "trust/ceiling.h"
#include "trust/policy.h"

namespace cortex::app {

struct Evidence {
  std::string kind;
  trust::TruthCeiling facts;  // mode, class and proof as it claims them, and its ceiling
  trust::Outcome policy = trust::Outcome::kReject;
  std::vector<std::string> source_refs;
  std::string blake3;  // of its exact bytes
};

// How far the evidence got. `rule` is what decided ("missing_digest"), without the gate's prefix;
// "" when only witnesses are left to be asked.
struct EvidenceVerdict {
  std::string_view state;  // "rejected", ...
  std::string_view rule;
  std::string missing;    // what would be needed, or empty
  std::string vote_rule;  // rule id of the gate's vote
  std::string reason;
  std::optional<Evidence> evidence;  // when it could be read
  bool digest_verified = false, refs_valid = false;
  bool present = false;
};

// The checks in their order; the first that fails decides.
EvidenceVerdict judge_evidence(Services& services, const GateRequest& request);

}  // namespace cortex::app
