#include "memory/conflicts.h"

#include <gmock/gmock.h>

namespace cortex::memory {
namespace {

using testing::ElementsAre;

ClaimCandidate one(std::string id, std::string claim, Authority authority = Authority::kLow) {
  return {.memory_id = id,
          .claim_key = id,
          .claim = std::move(claim),
          .authority = authority,
          .proof = ProofHint::kFull,
          .conflicts_with = {}};
}

std::vector<std::string> tokens(const Resolved& resolved) {
  std::vector<std::string> out;
  for (const ResolutionReason& reason : resolved.reasons) out.push_back(reason.token);
  return out;
}

TEST(Conflicts, NothingAndOne) {
  EXPECT_THAT(tokens(resolve({}, {})), ElementsAre("no_inputs"));
  const Resolved single = resolve({one("a", "x")}, {});
  EXPECT_EQ(single.state, Resolution::kResolved);
  EXPECT_EQ(single.selected, "a");
  EXPECT_FALSE(single.decision().blocked());
}

TEST(Conflicts, ProofComesFirst_ThenKeys) {
  ClaimCandidate a = one("a", "x"), b = one("b", "y");
  a.claim_key = " ";
  b.proof = ProofHint::kBroken;
  const Resolved out = resolve({a, b}, {});
  EXPECT_THAT(tokens(out), ElementsAre("broken_proof", "missing_claim_key"));
  EXPECT_EQ(out.decision().final_outcome, trust::Outcome::kReject);
}

TEST(Conflicts, SameClaim_TakesTheHigherAuthority_ThenTheLowerId) {
  const Resolved out =
      resolve({one("b", "The  Cache is\ton", Authority::kHigh), one("a", "the cache is on"),
               one("c", "the cache IS on", Authority::kHigh)},
              {});
  EXPECT_EQ(out.selected, "b");
  EXPECT_THAT(tokens(out), ElementsAre("duplicate_claim"));
  ClaimCandidate itself = one("a", "x");
  itself.conflicts_with = {"a"};
  EXPECT_THAT(tokens(resolve({itself, one("b", "x")}, {})), ElementsAre("conflicting_claims"));
}

TEST(Conflicts, Precedence_MustCoverEveryOther) {
  const std::vector<ClaimCandidate> three = {one("a", "x"), one("b", "y"), one("c", "z")};
  EXPECT_EQ(resolve(three, {{"b", {"a", "c"}}}).selected, "b");
  EXPECT_THAT(tokens(resolve(three, {{"b", {"a", "c"}}, {"a", {"b", "c"}}})),
              ElementsAre("ambiguous_precedence"));
  const Resolved partly = resolve(three, {{"b", {"a"}}});
  EXPECT_THAT(tokens(partly), ElementsAre("incomplete_precedence"));
  EXPECT_THAT(partly.reasons[0].ids, ElementsAre("c"));
  EXPECT_TRUE(partly.decision().blocked());
  EXPECT_THAT(tokens(resolve(three, {{"b", {"a", "c"}, ProofHint::kPartial}})),
              ElementsAre("conflicting_claims"));
  EXPECT_THAT(tokens(resolve(three, {{"z", {"a", "b", "c"}}})), ElementsAre("conflicting_claims"));
}

TEST(Conflicts, TwoHighAuthorities_NeedPrecedence) {
  const Resolved out =
      resolve({one("a", "x", Authority::kHigh), one("b", "y", Authority::kHigh)}, {});
  EXPECT_THAT(tokens(out),
              ElementsAre("conflicting_claims", "high_authority_conflict_requires_precedence"));
  EXPECT_EQ(out.state, Resolution::kMultiHypothesis);
  EXPECT_EQ(out.decision().final_outcome, trust::Outcome::kQuarantine);
}

TEST(Conflicts, AuthorityOfTheColumn) {
  EXPECT_EQ(authority_of("operator"), Authority::kHigh);
  EXPECT_EQ(authority_of("tool"), Authority::kMedium);
  EXPECT_EQ(authority_of("derived"), Authority::kLow);
  EXPECT_EQ(resolution_token(Resolution::kMultiHypothesis), "multi_hypothesis");
}

}  // namespace
}  // namespace cortex::memory
