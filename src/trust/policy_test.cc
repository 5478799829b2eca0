// The policy lattice against every recorded composition of two votes.
#include "trust/policy.h"

#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace cortex::trust {
namespace {

Outcome outcome_of(const json::Value& value) {
  for (const Outcome outcome : {Outcome::kAllow, Outcome::kWarn, Outcome::kBreakGlass,
                                Outcome::kQuarantine, Outcome::kReject}) {
    if (outcome_token(outcome) == *value.as_string()) return outcome;
  }
  ADD_FAILURE() << *value.as_string();
  return Outcome::kReject;
}

BreakGlass authorization_of(const std::string& name) {
  if (name == "none") return {};
  return {.permitted = name != "not_permitted",
          .attested = name != "not_attested",
          .scope_bound = name != "unbound"};
}

std::vector<std::string> ids_of(const std::vector<Contribution>& votes) {
  std::vector<std::string> out;
  for (const Contribution& vote : votes) out.push_back(vote.rule_id);
  return out;
}

std::vector<std::string> texts_of(const json::Value& value) {
  std::vector<std::string> out;
  for (const json::Value& one : *value.as_array()) out.push_back(*one.as_string());
  return out;
}

TEST(Policy, AllRecordedPairs) {
  std::ifstream in(CORTEX_TEST_DATA "/trust/policy_pairs.jsonl");
  std::string line;
  int pairs = 0;
  while (std::getline(in, line)) {
    const auto parsed = json::parse(line);
    ASSERT_TRUE(parsed.ok()) << line;
    const json::Array& row = *parsed->as_array();
    const Decision decision = compose({{"a.first", outcome_of(row[0]), "why", *row[1].as_bool()},
                                       {"b.second", outcome_of(row[2]), "why", *row[3].as_bool()}},
                                      authorization_of(*row[4].as_string()));
    EXPECT_EQ(decision.final_outcome, outcome_of(row[5])) << line;
    EXPECT_EQ(ids_of(decision.contributing), texts_of(row[6])) << line;
    EXPECT_EQ(ids_of(decision.discarded), texts_of(row[7])) << line;
    ++pairs;
  }
  EXPECT_EQ(pairs, 500);
}

}  // namespace
}  // namespace cortex::trust
