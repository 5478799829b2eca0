#include "trust/axiom_generic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace cortex::trust {
namespace {

// Rows of {"input", "decision", "rules", "provenance_class", ...}; without a decision the input
// does not parse.
TEST(Generic, AgreesWithEveryVector) {
  std::ifstream in(std::string(CORTEX_TEST_DATA) + "/memory/axiom/generic-matrix.jsonl");
  int rows = 0;
  for (std::string line; std::getline(in, line); ++rows) {
    const json::Value row = json::parse(line).value();
    const auto request = read_admission(*row.find("input"));
    const std::string name = *row.find("name")->as_string();
    const std::string* wanted = row.find("decision")->as_string();
    EXPECT_EQ(request.ok(), wanted != nullptr) << name;
    if (!request.ok() || wanted == nullptr) continue;
    const AdmissionDecision decision = decide_admission(*request);
    EXPECT_EQ(admission_token(decision.admission), *wanted) << name;
    EXPECT_EQ(provenance_token(decision.provenance), *row.find("provenance_class")->as_string());
    std::vector<std::string> rules, got;
    for (const json::Value& rule : *row.find("rules")->as_array()) {
      rules.push_back(*rule.as_string());
    }
    for (const Contribution& vote : decision.policy.contributing) got.push_back(vote.rule_id);
    EXPECT_EQ(got, rules) << name;
    EXPECT_EQ(decision.semantic.ceiling, ClaimCeiling::kDevOnly);
  }
  EXPECT_EQ(rows, 29);
}

json::Value receipt(std::string_view token, std::string_view integrity,
                    std::string_view quarantine) {
  return json::Object{
      {"schema_version", 1},
      {"receipt_type", "pai_axiom.boundary.execution_receipt.v1"},
      {"runtime_id", "runtime-1"},
      {"capability_token_state", json::Object{{"decision", token}}},
      {"execution_trust_state", json::Object{{"runtime_integrity", integrity}}},
      {"tool_provenance",
       json::Array{json::Object{{"tool_name", "probe"}, {"invocation_id", "run-1"}}}},
      {"quarantine_state", quarantine},
      {"source_anchors", json::Array{json::Object{{"reference", "evt://1"}, {"kind", "event"}}}},
      {"explicit_non_promotion", true}};
}

TEST(Receipt, AValidOneWaitsForItsContradictionScan) {
  const auto request = admission_of_receipt(receipt("allowed", "verified_release", "clean"));
  ASSERT_TRUE(request.ok()) << request.error().text();
  EXPECT_EQ(request->evidence_class, "observed");
  const AdmissionDecision decision = decide_admission(*request);
  EXPECT_EQ(decision.admission, Admission::kQuarantine);
  ASSERT_EQ(decision.policy.contributing.size(), 1U);
  EXPECT_EQ(decision.policy.contributing[0].rule_id,
            "memory.admission.contradiction_scan_required");
}

TEST(Receipt, ABadTokenOrContaminationIsRejected) {
  for (const auto& [token, quarantine] :
       {std::pair{"revoked", "clean"}, std::pair{"allowed", "contaminated"}}) {
    const auto request = admission_of_receipt(receipt(token, "verified_release", quarantine));
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->proof_state, "broken");
    EXPECT_EQ(decide_admission(*request).admission, Admission::kReject);
  }
  EXPECT_FALSE(admission_of_receipt(receipt("golden", "verified_release", "clean")).ok());
  EXPECT_FALSE(admission_of_receipt(json::Array{}).ok());
}

}  // namespace
}  // namespace cortex::trust
