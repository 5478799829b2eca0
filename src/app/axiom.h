// `memory admit-axiom`: whether an axiom envelope, or the three envelopes of a trust exchange, may
// become a candidate memory. Opens no store and keeps nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

struct AxiomRequest {
  // Generic mode: exactly one of these.
  std::optional<std::string> file;  // path of an envelope
  std::optional<std::string> inline_json;
  std::optional<std::string> receipt;  // path of an execution receipt
  // Trust exchange, when any of them is given: paths of the three envelopes.
  std::optional<std::string> context_trust, execution_trust, feedback_loop;
  std::string lifecycle = "candidate_only";
  bool derived_from_quarantined = false;
  std::optional<std::string> audience;  // of the token; default: the admission's own

  bool is_exchange() const { return context_trust || execution_trust || feedback_loop; }
};

struct AxiomReport {
  bool admitted = false;
  json::Value report;                    // members sorted
  json::Value policy_outcome;            // for the envelope
  std::vector<std::string> diagnostics;  // "decision=...", for stderr
};

// Errors: kUsage, kPrecondition (a file cannot be read), kQuarantined (an envelope does not parse,
// or its source commit is not accepted); `token` is the invariant. Accepted commits come from
// CORTEX_AXIOM_ACCEPTED_SOURCE_COMMITS.
Result<AxiomReport> admit_axiom(Services& services, const Environment& environment,
                                const AxiomRequest& request);

}  // namespace cortex::app
