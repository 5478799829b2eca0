// Which of several claims that contradict each other may be used: the resolver. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "trust/policy.h"

namespace cortex::memory {

enum class Authority : std::uint8_t { kLow, kMedium, kHigh };
// user, operator -> high; tool, system -> medium; anything else -> low.
Authority authority_of(std::string_view column);

enum class ProofHint : std::uint8_t { kFull, kPartial, kUnknown, kBroken };

struct ClaimCandidate {
  std::string memory_id;
  std::optional<std::string> claim_key;
  std::string claim;
  Authority authority = Authority::kLow;
  ProofHint proof = ProofHint::kUnknown;
  std::vector<std::string> conflicts_with;  // memory ids
};

struct PrecedenceClaim {
  std::string winner;
  std::vector<std::string> losers;
  ProofHint proof = ProofHint::kFull;
};

enum class Resolution : std::uint8_t { kResolved, kMultiHypothesis, kUnknown };
std::string_view resolution_token(Resolution resolution);  // "multi_hypothesis"

struct ResolutionReason {
  std::string token;             // "explicit_precedence"
  std::vector<std::string> ids;  // memories it is about, sorted; may be empty

  std::string rule_id() const;  // "retrieval.resolve.explicit_precedence"
};

struct Resolved {
  Resolution state = Resolution::kUnknown;
  std::optional<std::string> selected;
  std::vector<ResolutionReason> reasons;

  // One vote a reason.
  trust::Decision decision() const;
};

// The order of the candidates does not matter: they are sorted by id first. O(n^2) for n
// candidates.
Resolved resolve(std::vector<ClaimCandidate> candidates,
                 const std::vector<PrecedenceClaim>& precedences);

}  // namespace cortex::memory
