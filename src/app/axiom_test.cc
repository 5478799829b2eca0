#include "app/axiom.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;

class AxiomTest : public AppTest {
 protected:
  static std::string shipped(const std::string& name) {
    return cat(CORTEX_TEST_DATA, "/memory/axiom/", name);
  }
  static AxiomRequest exchange() {
    AxiomRequest request;
    request.context_trust = shipped("cortex-context-trust.json");
    request.execution_trust = shipped("axiom-execution-trust.json");
    request.feedback_loop = shipped("authority-feedback-loop.json");
    return request;
  }
  Error refused(const AxiomRequest& request) {
    const auto report = admit_axiom(services_, environment_, request);
    EXPECT_FALSE(report.ok());
    return report.ok() ? Error{} : report.error();
  }

  Environment environment_;
};

TEST_F(AxiomTest, ThePlaceholderCommitIsNoCommit) {
  EXPECT_EQ(refused(exchange()).token, "axiom_execution_trust.tool_provenance.source_commit.stale");
  environment_.vars["CORTEX_SCORE_VERSION"] = "1";
  const auto report = admit_axiom(services_, environment_, exchange());
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->admitted);
  EXPECT_THAT(report->diagnostics.front(), HasSubstr("decision=admit_candidate"));
}

TEST_F(AxiomTest, AnEmptySettingAcceptsNothing) {
  environment_.vars["CORTEX_SCORE_VERSION"] = "1";
  environment_.vars["CORTEX_AXIOM_ACCEPTED_SOURCE_COMMITS"] = "";
  EXPECT_EQ(refused(exchange()).code, Code::kQuarantined);
}

TEST_F(AxiomTest, EarlyRefusalsComeInTheirOrder) {
  environment_.vars["CORTEX_SCORE_VERSION"] = "1";
  AxiomRequest request = exchange();
  request.lifecycle = "approved";
  request.feedback_loop.reset();
  EXPECT_EQ(refused(request).token, "");  // the lifecycle comes first
  request.lifecycle = "candidate_only";
  EXPECT_EQ(refused(request).token, "axiom.admission.authority_feedback_loop.missing");
  request = exchange();
  request.context_trust.reset();
  EXPECT_THAT(refused(request).message, HasSubstr("proof-state-missing"));
  request = exchange();
  request.context_trust = folder_ / "none.json";
  EXPECT_EQ(refused(request).code, Code::kPrecondition);
  put(folder_ / "bad.json", "{");
  request.context_trust = folder_ / "bad.json";
  EXPECT_EQ(refused(request).token, "cortex_context_trust.envelope.invalid_json");
  request = exchange();
  request.feedback_loop = folder_ / "bad.json";
  EXPECT_EQ(refused(request).token, "authority_feedback_loop.envelope.schema_drift");
}

TEST_F(AxiomTest, AnotherAudienceMayBeExpected) {
  environment_.vars["CORTEX_SCORE_VERSION"] = "1";
  AxiomRequest request = exchange();
  request.audience = "our-admission";
  const auto report = admit_axiom(services_, environment_, request);
  ASSERT_TRUE(report.ok());
  EXPECT_FALSE(report->admitted);
}

TEST_F(AxiomTest, ClaimsAreMappedBesideTheDecision) {
  environment_.vars["CORTEX_SCORE_VERSION"] = "1";
  AxiomRequest request = exchange();
  request.claims = folder_ / "claims.json";
  put(*request.claims,
      R"([{"axiom_kind":"capability","axiom_label":"CAP[1]","statement":"used the build tool",)"
      R"("status":"invoked","evidence_kind":"observed"}])");
  const auto report = admit_axiom(services_, environment_, request);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->admitted);
  const std::string claims = json::write_compact(*report->report.find("claims"));
  EXPECT_THAT(claims, HasSubstr(R"("cortex_role":"capability_reference")"));
  EXPECT_THAT(claims, HasSubstr(R"("kind":"require_tool_provenance")"));
  put(*request.claims, R"([{"axiom_kind":"wish"}])");
  EXPECT_EQ(refused(request).code, Code::kQuarantined);
  request.claims = folder_ / "none.json";
  EXPECT_EQ(refused(request).code, Code::kPrecondition);
}

TEST_F(AxiomTest, GenericModeNeedsAnInput) {
  EXPECT_EQ(refused({}).code, Code::kPrecondition);
  AxiomRequest request;
  request.lifecycle = "approved";  // of no concern here
  request.file = shipped("generic-admission.json");
  const auto report = admit_axiom(services_, environment_, request);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->admitted);
  request.file.reset();
  request.inline_json = "[]";
  EXPECT_THAT(refused(request).message, HasSubstr("invalid AXIOM admission envelope"));
}

}  // namespace
}  // namespace cortex::app
