#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trust/ceiling.h"
#include "trust/closure.h"
#include "trust/policy.h"

namespace cortex::trust {
namespace {

using testing::ElementsAre;

Contribution vote(std::string rule, Outcome outcome, bool overridable = false) {
  return {std::move(rule), outcome, "because", overridable};
}

std::vector<std::string> rules(const std::vector<Contribution>& votes) {
  std::vector<std::string> out;
  for (const Contribution& v : votes) out.push_back(v.rule_id);
  return out;
}

TEST(Policy, WithoutVotesItAllows) {
  EXPECT_EQ(compose({}).final_outcome, Outcome::kAllow);
  EXPECT_FALSE(compose({}).blocked());
}

TEST(Policy, StrongestVoteWinsAndOrderIsOutcomeThenRule) {
  const Decision d = compose({vote("c", Outcome::kAllow), vote("b", Outcome::kReject),
                              vote("d", Outcome::kWarn), vote("a", Outcome::kReject)});
  EXPECT_EQ(d.final_outcome, Outcome::kReject);
  EXPECT_TRUE(d.blocked());
  EXPECT_THAT(rules(d.contributing), ElementsAre("a", "b"));
  EXPECT_THAT(rules(d.discarded), ElementsAre("d", "c"));
}

TEST(Policy, BreakGlassNeedsAuthorisationAndOverridableRules) {
  const std::vector<Contribution> votes = {vote("glass", Outcome::kBreakGlass),
                                           vote("gate", Outcome::kReject, true)};
  const BreakGlass valid{true, true, true};
  EXPECT_EQ(compose(votes).final_outcome, Outcome::kReject);
  EXPECT_EQ(compose(votes, {true, true, false}).final_outcome, Outcome::kReject);
  EXPECT_EQ(compose(votes, valid).final_outcome, Outcome::kBreakGlass);
  EXPECT_THAT(rules(compose(votes, valid).discarded), ElementsAre("gate"));
  auto hard = votes;
  hard.push_back(vote("hard", Outcome::kQuarantine, false));
  EXPECT_EQ(compose(hard, valid).final_outcome, Outcome::kReject);
  EXPECT_EQ(compose({vote("gate", Outcome::kReject, true)}, valid).final_outcome, Outcome::kReject);
}

TEST(Policy, JsonKeepsTheDeclaredOrder) {
  EXPECT_EQ(json::write_compact(to_json(compose({vote("a", Outcome::kBreakGlass)}))),
            R"({"final_outcome":"break_glass","contributing":[{"rule_id":"a",)"
            R"("outcome":"break_glass","reason":"because",)"
            R"("break_glass_override_allowed":false}],"discarded":[]})");
}

TEST(Closure, StateFollowsTheWorstFailure) {
  Closure closure;
  EXPECT_EQ(closure.state(), ProofState::kFullChainVerified);
  closure.failing.push_back({EdgeKind::kLineageClosure, "a", "b", EdgeFailure::kMissing, "gone"});
  EXPECT_EQ(closure.state(), ProofState::kPartial);
  for (const EdgeFailure failure :
       {EdgeFailure::kMismatch, EdgeFailure::kInvalidSignature, EdgeFailure::kAnchorMismatch,
        EdgeFailure::kAuthorityMismatch}) {
    Closure broken = closure;
    broken.failing.push_back({EdgeKind::kHashChain, "a", "b", failure, "no"});
    EXPECT_EQ(broken.state(), ProofState::kBroken);
  }
}

TEST(Ceiling, IsTheMinimumOfAllFour) {
  TruthCeiling truth{RuntimeMode::kAuthorityGrade, ProofState::kFullChainVerified,
                     AuthorityClass::kOperator, ClaimCeiling::kAuthorityGrade};
  EXPECT_EQ(truth.effective(), ClaimCeiling::kAuthorityGrade);
  truth.authority_class = AuthorityClass::kVerified;
  EXPECT_EQ(truth.effective(), ClaimCeiling::kSignedLocalLedger);
  truth.proof_state = ProofState::kPartial;
  EXPECT_EQ(truth.effective(), ClaimCeiling::kLocalUnsigned);
  truth.runtime_mode = RuntimeMode::kDev;
  EXPECT_EQ(truth.effective(), ClaimCeiling::kDevOnly);
  EXPECT_EQ(claim_ceiling_token(truth.effective()), "dev_only");
}

}  // namespace
}  // namespace cortex::trust
