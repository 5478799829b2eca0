// `memory admit-axiom`: whether an axiom envelope, or the three envelopes of a trust exchange, may
// become a candidate memory. The command opens no store and keeps nothing; the tool may.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "store/operation.h"

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
  // Path of the claims that the runtime makes about its work: mapped beside the decision.
  std::optional<std::string> claims{};

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

// The exchange as an agent hands it in: the three envelopes as JSON text.
struct ExchangeRequest {
  std::string execution, context, loop;
  bool persist = false;    // an admitted one becomes a memory that waits for a commit
  store::Caller caller{};  // of the change
};

struct ExchangeReport {
  std::string decision;        // "admit_candidate", "quarantine", "reject"
  std::string policy_outcome;  // "Allow", "Quarantine", "Reject"
  std::vector<std::string> failing_edges, forbidden_uses;
  std::optional<std::string> memory_id{};  // of what was kept
};

// Quarantine and rejection are reports. Errors: kUsage (an envelope that does not parse, the
// message names it), kQuarantined (token ...source_commit.stale), those of changing the store.
Result<ExchangeReport> admit_exchange(Services& services, const Environment& environment,
                                      const Layout& layout, const ExchangeRequest& request);
json::Object to_json(const ExchangeReport& report);

}  // namespace cortex::app
