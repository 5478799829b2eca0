// Semantic trust: what the origin of a text says about how far it may be relied on. Pure tables and
// one evaluation (docs/formats.md, "Semantic trust").
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "trust/ceiling.h"
#include "trust/policy.h"

namespace cortex::trust {

// Weakest first, here and below: the order is the comparison order.
enum class Provenance : std::uint8_t {
  kUnknown,
  kSimulated,
  kExternalClaimed,
  kSummaryDerived,
  kRuntimeDerived,
  kToolObserved,
  kOperatorAttested,
};

enum class SemanticTrust : std::uint8_t {
  kUnknown,
  kCandidateOnly,
  kSingleFamily,
  kCorroborated,
  kFalsificationTested,
};

enum class IntendedUse : std::uint8_t {
  kCandidateMemory,
  kDefaultContext,
  kAdvisoryDoctrine,
  kHighForceDoctrine,
  kTrustedExternalUse,
};

std::string_view provenance_token(Provenance provenance);  // "tool_observed"
std::string_view semantic_trust_token(SemanticTrust trust);
std::string_view intended_use_token(IntendedUse use);

ClaimCeiling ceiling_of(Provenance provenance);
ClaimCeiling ceiling_of(SemanticTrust trust);

// True for sources that observed or attest something themselves.
bool can_corroborate(Provenance provenance);

struct SemanticInput {
  IntendedUse use = IntendedUse::kCandidateMemory;
  std::span<const Provenance> provenance{};
  std::uint32_t independent_families = 0;
  bool falsification_evidence = false;
  bool unresolved_unknowns = true;
};

struct SemanticReport {
  SemanticTrust trust = SemanticTrust::kUnknown;
  Provenance weakest = Provenance::kUnknown;
  Outcome outcome = Outcome::kReject;
  ClaimCeiling ceiling = ClaimCeiling::kDevOnly;
  std::string reason;
};

// O(sources).
SemanticReport evaluate(const SemanticInput& input);

// The two labels of a memory by the text of its `authority` column: an operator or user attests, a
// tool or the system observed, whatever else is derived by the runtime and only a candidate: what
// an agent says, too.
inline constexpr std::string_view kAgentAuthority = "agent";
struct AuthorityLabels {
  AuthorityClass authority_class = AuthorityClass::kDerived;
  Provenance provenance = Provenance::kRuntimeDerived;
  SemanticTrust trust = SemanticTrust::kCandidateOnly;
};
AuthorityLabels labels_of_authority(std::string_view authority);

}  // namespace cortex::trust
