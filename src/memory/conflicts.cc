#include "memory/conflicts.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/text.h"

namespace cortex::memory {
namespace {

using Candidates = std::vector<ClaimCandidate>;

constexpr std::array<std::string_view, 3> kResolutions = {"resolved", "multi_hypothesis",
                                                          "unknown"};
constexpr std::array<std::string_view, 4> kProofReasons = {"", "partial_proof", "unknown_proof",
                                                           "broken_proof"};
constexpr std::string_view kSettling[] = {"single_candidate", "duplicate_claim",
                                          "explicit_precedence"};

std::vector<std::string> ids_of(const Candidates& candidates) {
  std::vector<std::string> ids;
  for (const ClaimCandidate& one : candidates) ids.push_back(one.memory_id);
  return ids;
}

// Runs of white space as one blank, lower case in ASCII.
std::string normalized(std::string_view claim) {
  std::string out;
  for (const char c : trim(claim)) {
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (!blank) {
      out.push_back(c);
    } else if (out.back() != ' ') {
      out.push_back(' ');
    }
  }
  return to_lower_ascii(out);
}

// What keeps a candidate from being judged at all.
std::vector<ResolutionReason> shortcomings(const Candidates& candidates) {
  std::vector<ResolutionReason> reasons;
  for (const ClaimCandidate& one : candidates) {
    if (one.proof == ProofHint::kFull) continue;
    reasons.push_back(
        {std::string(kProofReasons.at(static_cast<std::size_t>(one.proof))), {one.memory_id}});
  }
  for (const ClaimCandidate& one : candidates) {
    if (one.claim_key && !is_blank(*one.claim_key)) continue;
    reasons.push_back({"missing_claim_key", {one.memory_id}});
  }
  return reasons;
}

bool says_one_thing(const Candidates& candidates) {
  const std::string first = normalized(candidates.front().claim);
  const std::vector<std::string> ids = ids_of(candidates);
  return std::ranges::all_of(candidates, [&](const ClaimCandidate& one) {
    const bool conflicts = std::ranges::any_of(one.conflicts_with, [&ids](const std::string& id) {
      return std::ranges::find(ids, id) != ids.end();
    });
    return normalized(one.claim) == first && !conflicts;
  });
}

Resolved by_duplicate(const Candidates& candidates) {
  // max_element keeps the first of equals, and they are sorted by id.
  const auto best = std::ranges::max_element(candidates, {}, &ClaimCandidate::authority);
  return {Resolution::kResolved, best->memory_id, {{"duplicate_claim", ids_of(candidates)}}};
}

// Empty when no precedence speaks of these candidates.
std::optional<Resolved> by_precedence(const Candidates& candidates,
                                      const std::vector<PrecedenceClaim>& precedences) {
  const std::vector<std::string> ids = ids_of(candidates);
  std::set<std::string> complete;
  std::optional<ResolutionReason> incomplete;
  for (const PrecedenceClaim& one : precedences) {
    if (one.proof != ProofHint::kFull) continue;
    if (std::ranges::find(ids, one.winner) == ids.end()) continue;
    std::vector<std::string> missing;
    for (const std::string& id : ids) {
      if (id != one.winner && std::ranges::find(one.losers, id) == one.losers.end()) {
        missing.push_back(id);
      }
    }
    if (missing.empty()) {
      complete.insert(one.winner);
    } else if (!incomplete) {
      incomplete = ResolutionReason{"incomplete_precedence", std::move(missing)};
    }
  }
  if (complete.size() == 1) {
    return Resolved{
        Resolution::kResolved, *complete.begin(), {{"explicit_precedence", {*complete.begin()}}}};
  }
  if (complete.size() > 1) {
    return Resolved{Resolution::kMultiHypothesis,
                    std::nullopt,
                    {{"ambiguous_precedence", {complete.begin(), complete.end()}}}};
  }
  if (!incomplete) return std::nullopt;
  return Resolved{Resolution::kMultiHypothesis, std::nullopt, {*std::move(incomplete)}};
}

Resolved undecided(const Candidates& candidates) {
  Resolved out{
      Resolution::kMultiHypothesis, std::nullopt, {{"conflicting_claims", ids_of(candidates)}}};
  std::vector<std::string> high;
  for (const ClaimCandidate& one : candidates) {
    if (one.authority == Authority::kHigh) high.push_back(one.memory_id);
  }
  if (high.size() >= 2) {
    out.reasons.push_back({"high_authority_conflict_requires_precedence", std::move(high)});
  }
  return out;
}

}  // namespace

Authority authority_of(std::string_view column) {
  if (column == "user" || column == "operator") return Authority::kHigh;
  if (column == "tool" || column == "system") return Authority::kMedium;
  return Authority::kLow;
}

std::string_view resolution_token(Resolution resolution) {
  return kResolutions.at(static_cast<std::size_t>(resolution));
}

std::string ResolutionReason::rule_id() const { return cat("retrieval.resolve.", token); }

trust::Decision Resolved::decision() const {
  std::vector<trust::Contribution> votes;
  for (const ResolutionReason& reason : reasons) {
    const bool settles = state == Resolution::kResolved &&
                         std::ranges::find(kSettling, reason.token) != std::end(kSettling);
    const trust::Outcome outcome = settles                          ? trust::Outcome::kAllow
                                   : reason.token == "broken_proof" ? trust::Outcome::kReject
                                                                    : trust::Outcome::kQuarantine;
    votes.push_back({reason.rule_id(), outcome,
                     cat("the claims are ", resolution_token(state), ": ", reason.token)});
  }
  if (votes.empty()) {
    votes.push_back({"retrieval.resolve.no_reason", trust::Outcome::kQuarantine,
                     "the resolver gave no reason"});
  }
  return trust::compose(std::move(votes));
}

Resolved resolve(Candidates candidates, const std::vector<PrecedenceClaim>& precedences) {
  std::ranges::sort(candidates, {}, &ClaimCandidate::memory_id);
  if (candidates.empty()) return {Resolution::kUnknown, std::nullopt, {{"no_inputs", {}}}};
  if (auto reasons = shortcomings(candidates); !reasons.empty()) {
    return {Resolution::kUnknown, std::nullopt, std::move(reasons)};
  }
  if (candidates.size() == 1) {
    const std::string& id = candidates.front().memory_id;
    return {Resolution::kResolved, id, {{"single_candidate", {id}}}};
  }
  if (says_one_thing(candidates)) return by_duplicate(candidates);
  if (auto settled = by_precedence(candidates, precedences)) return *std::move(settled);
  return undecided(candidates);
}

}  // namespace cortex::memory
