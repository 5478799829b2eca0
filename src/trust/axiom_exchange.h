// Trust exchange: whether what an axiom runtime returns may become a candidate memory. One pure
// decision over three envelopes that were read by read_envelope() (docs/formats.md, "Axiom
// admission").
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "json/value.h"
#include "trust/policy.h"

namespace cortex::trust {

// The audience that a token must name unless the caller expects another one.
inline constexpr std::string_view kAdmissionAudience = "cortex-admission";

struct ExchangeInput {
  const json::Value& execution;
  const json::Value& context;
  const json::Value& loop;
  std::string_view lifecycle = "candidate_only";
  bool derived_from_quarantined = false;
  std::string_view audience = kAdmissionAudience;
  Timestamp now;
};

// A failing edge that others should see under a name of its own.
struct NamedOutput {
  std::string name;       // "source_context"
  std::string invariant;  // of the edge
  std::string reason;
  std::optional<std::string> source_ref{};
};

enum class Admission { kAdmitCandidate, kQuarantine, kReject };
std::string_view admission_token(Admission admission);  // "admit_candidate"

struct ExchangeDecision {
  Admission admission = Admission::kReject;
  std::vector<std::string> failing_edges;  // rejecting ones first, each list in rule order
  std::vector<NamedOutput> named;          // in the order of their names' table
  Decision policy;
};

ExchangeDecision decide_exchange(const ExchangeInput& input);

// The words of --lifecycle.
std::span<const std::string_view> exchange_lifecycles();
// What an admitted or quarantined exchange must not be used for.
std::span<const std::string_view> exchange_forbidden_uses();

// Whether `commit` is one of the accepted source commits. `setting` is the comma-separated list
// that replaces the built-in one; an empty one accepts nothing. `with_placeholder`: forty `a`
// count too, for replaying test data.
bool is_accepted_commit(std::string_view commit, const std::optional<std::string>& setting,
                        bool with_placeholder);

}  // namespace cortex::trust
