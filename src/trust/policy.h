// The policy lattice: how single votes become one decision. Pure functions, no I/O.
//
// Outcomes are ordered allow < warn < break_glass < quarantine < reject, and the strongest vote
// wins. The one exception is break glass: when a rule votes for it, every blocking rule allows the
// override and the authorisation is valid, the decision is break_glass.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace cortex::trust {

enum class Outcome : std::uint8_t { kAllow, kWarn, kBreakGlass, kQuarantine, kReject };

std::string_view outcome_token(Outcome outcome);  // "break_glass", in JSON
std::string_view outcome_name(Outcome outcome);   // "BreakGlass", in text for people

// The vote of one rule. `rule_id` and `reason` are never blank.
struct Contribution {
  std::string rule_id;
  Outcome outcome = Outcome::kAllow;
  std::string reason;
  bool break_glass_override_allowed = false;
};

// What makes an emergency override valid: all three.
struct BreakGlass {
  bool permitted = false;
  bool attested = false;
  bool scope_bound = false;

  bool valid() const { return permitted && attested && scope_bound; }
};

// `contributing` voted like the final outcome, `discarded` did not; both strongest first, then by
// rule id. A decision without votes allows.
struct Decision {
  Outcome final_outcome = Outcome::kAllow;
  std::vector<Contribution> contributing;
  std::vector<Contribution> discarded;

  bool blocked() const { return final_outcome >= Outcome::kQuarantine; }
};

Decision compose(std::vector<Contribution> votes, const BreakGlass& break_glass = {});

// {final_outcome, contributing, discarded}, each vote as {rule_id, outcome, reason,
// break_glass_override_allowed}.
json::Value to_json(const Decision& decision);

}  // namespace cortex::trust
