#include "trust/axiom_exchange.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "trust/axiom_schema.h"

namespace cortex::trust {
namespace {

using testing::ElementsAre;

json::Value envelope(Envelope kind, const std::string& name) {
  std::ifstream in(std::string(CORTEX_TEST_DATA) + "/memory/axiom/" + name);
  std::stringstream text;
  text << in.rdbuf();
  return read_envelope(kind, json::parse(text.str()).value()).value();
}

struct Exchange {
  json::Value execution = envelope(Envelope::kExecutionTrust, "axiom-execution-trust.json");
  json::Value context = envelope(Envelope::kContextTrust, "cortex-context-trust.json");
  json::Value loop = envelope(Envelope::kFeedbackLoop, "authority-feedback-loop.json");

  ExchangeDecision decide(std::string_view lifecycle = "candidate_only",
                          bool derived = false) const {
    return decide_exchange({.execution = execution,
                            .context = context,
                            .loop = loop,
                            .lifecycle = lifecycle,
                            .derived_from_quarantined = derived,
                            .now = Timestamp{1'767'323'045, 0}});
  }
  static void set(json::Value& in, std::string_view object, std::string key, json::Value value) {
    json::Value& at = object.empty() ? in : *in.as_object()->find(object);
    at.as_object()->set(std::move(key), std::move(value));
  }
};

TEST(Exchange, AWholeExchangeIsAdmittedAsACandidate) {
  const ExchangeDecision decision = Exchange{}.decide();
  EXPECT_EQ(decision.admission, Admission::kAdmitCandidate);
  EXPECT_EQ(decision.policy.contributing.at(0).rule_id,
            "axiom.admission.trust_exchange.allow_candidate");
}

TEST(Exchange, RejectingEdgesComeFirst) {
  Exchange e;
  Exchange::set(e.context, "", "quarantine_state", "quarantined");
  Exchange::set(e.execution, "policy_decision", "result", "deny");
  const ExchangeDecision decision = e.decide("validated", true);
  EXPECT_EQ(decision.admission, Admission::kReject);
  EXPECT_THAT(decision.failing_edges,
              ElementsAre("axiom.admission.lifecycle.must_be_candidate_only",
                          "axiom_execution_trust.policy_decision.deny",
                          "axiom.admission.quarantine.propagated",
                          "axiom.admission.quarantine.derived_from_quarantined"));
  ASSERT_EQ(decision.named.size(), 2U);
  EXPECT_EQ(decision.named[0].name, "source_context");
  EXPECT_EQ(decision.named[0].invariant, "axiom.admission.quarantine.derived_from_quarantined");
  EXPECT_EQ(decision.named[1].name, "policy_denial");
}

TEST(Exchange, ATokenExpiresAtItsInstant) {
  Exchange e;
  Exchange::set(e.execution, "token_scope", "expires_at", "2026-01-02T03:04:05Z");
  EXPECT_EQ(e.decide().admission, Admission::kAdmitCandidate);
  Exchange::set(e.execution, "token_scope", "expires_at", "2026-01-02T04:04:04.999+01:00");
  EXPECT_THAT(e.decide().failing_edges, ElementsAre("axiom_execution_trust.token_scope.expired"));
}

// What reference 0.1.2 lets pass.
TEST(Exchange, DoubtIsQuarantined) {
  struct Case {
    std::function<void(Exchange&)> change;
    const char* edge;
  };
  const Case cases[] = {
      {[](Exchange& e) { Exchange::set(e.context, "policy_result", "result", "deny"); },
       "cortex_context_trust.policy_result.deny"},
      {[](Exchange& e) { Exchange::set(e.context, "", "contradiction_state", "unresolved"); },
       "cortex_context_trust.contradiction_state.unresolved"},
      {[](Exchange& e) { Exchange::set(e.context, "", "promotion_state", "promoted"); },
       "cortex_context_trust.promotion_state.promoted"},
      {[](Exchange& e) {
         Exchange::set(e.context, "", "compatibility_trust_label", "authority_claimed");
       },
       "cortex_context_trust.compatibility_trust_label.authority_claimed"},
      {[](Exchange& e) { Exchange::set(e.execution, "token_scope", "audience", "somebody-else"); },
       "axiom_execution_trust.token_scope.audience.unexpected"},
      {[](Exchange& e) {
         Exchange::set(e.execution, "token_scope", "revocation_result", "unknown");
       },
       "axiom_execution_trust.token_scope.revocation_unknown"},
      {[](Exchange& e) { Exchange::set(e.loop, "axiom_action", "action_id", "another"); },
       "axiom.admission.cross_check.action_id_mismatch"},
      {[](Exchange& e) { Exchange::set(e.loop, "initiating_context", "context_id", "another"); },
       "axiom.admission.cross_check.context_id_mismatch"},
  };
  for (const Case& c : cases) {
    Exchange e;
    c.change(e);
    const ExchangeDecision decision = e.decide();
    EXPECT_EQ(decision.admission, Admission::kQuarantine) << c.edge;
    EXPECT_THAT(decision.failing_edges, ElementsAre(c.edge));
  }
}

TEST(Exchange, EqualEntriesAreNoCoverage) {
  Exchange e;
  Exchange::set(e.context, "", "allowed_claim_language",
                json::Array{"candidate", "candidate", "candidate"});
  EXPECT_THAT(e.decide().failing_edges,
              ElementsAre("cortex_context_trust.allowed_claim_language.insufficient_coverage"));
}

TEST(Commits, ASetListReplacesTheBuiltInOne) {
  const std::string built_in = "44b9a25dfbe5a93e64120f53b65730828d1af91c";
  const std::string placeholder(40, 'a');
  EXPECT_TRUE(is_accepted_commit(built_in, std::nullopt, false));
  EXPECT_TRUE(is_accepted_commit("44B9A25DFBE5A93E64120F53B65730828D1AF91C", std::nullopt, false));
  EXPECT_FALSE(is_accepted_commit(placeholder, std::nullopt, false));
  EXPECT_TRUE(is_accepted_commit(placeholder, std::nullopt, true));
  EXPECT_FALSE(is_accepted_commit(built_in, "", true));
  EXPECT_FALSE(is_accepted_commit("", ",", true));
  EXPECT_TRUE(is_accepted_commit("deadbeef", " 01 , DEADBEEF", true));
}

}  // namespace
}  // namespace cortex::trust
