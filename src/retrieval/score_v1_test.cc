#include "retrieval/score_v1.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include "base/text.h"
#include "json/value.h"

namespace cortex::retrieval {
namespace {

using testing::ElementsAre;

json::Value formulas() {
  std::ifstream in(std::string(CORTEX_TEST_DATA) + "/memory/formulas.json");
  std::stringstream text;
  text << in.rdbuf();
  return json::parse(text.str()).value();
}

float number(const json::Value& object, std::string_view key) {
  const json::Value* value = object.find(key);
  if (value == nullptr || value->as_number() == nullptr) return 0.0F;
  const json::Number& n = *value->as_number();
  if (n.kind == json::Number::Kind::kUnsigned) return static_cast<float>(n.u);
  if (n.kind == json::Number::Kind::kSigned) return static_cast<float>(n.i);
  return static_cast<float>(n.d);
}

TEST(ScoreV1, AgreesWithEveryVector) {
  const json::Value all = formulas();
  for (const json::Value& row : *all.find("score")->as_array()) {
    const json::Value& in = *row.find("in");
    const Score score = hybrid_score(
        {number(in, "lexical_match"), number(in, "semantic_similarity"), number(in, "brightness"),
         number(in, "domain_overlap"), number(in, "validation"), number(in, "authority_weight"),
         number(in, "contradiction_risk"), number(in, "staleness_penalty")});
    EXPECT_EQ(score.total, number(row, "out_f32")) << json::write_compact(in);
  }
  for (const json::Value& row : *all.find("compose")->as_array()) {
    LexicalInput in{number(row, "lexical"), number(row, "fts"), std::nullopt, true};
    if (!row.find("semantic")->is_null()) in.semantic = number(row, "semantic");
    EXPECT_EQ(effective_lexical(in), number(row, "out_f32")) << json::write_compact(row);
  }
}

TEST(ScoreV1, TokensAreAsciiAndDistinct) {
  EXPECT_THAT(ascii_tokens("Audit:ledger, LEDGER x-1"), ElementsAre("audit", "ledger", "x", "1"));
  EXPECT_TRUE(ascii_tokens("\xCE\xBC\xCE\xBD!").empty());
  EXPECT_EQ(lexical_match({"ledger", "none"}, "The Ledger", {}), 0.5F);
  EXPECT_EQ(lexical_match({"audit"}, "x", {"audit:ledger"}), 1.0F);
  EXPECT_EQ(lexical_match({}, "x", {}), 0.0F);
}

TEST(ScoreV1, FuzzyQueriesAreWindowsOfWords) {
  EXPECT_EQ(fuzzy_query(" retrieval ledger "),
            R"("retr" OR "etri" OR "trie" OR "riev" OR "ieva" OR "eval" OR "ledg" OR "edge" OR )"
            R"("dger")");
  EXPECT_EQ(fuzzy_query("re a\"b re"), R"("re" OR "ab")");
  EXPECT_EQ(fuzzy_query("!! \xCE\xBC"), "");
  std::string longest;
  for (int n = 0; n < 300'000; ++n) longest += cat(n, " ");
  const std::string query = fuzzy_query(longest);
  EXPECT_TRUE(query.starts_with(R"("0" OR "1" OR)"));
  EXPECT_TRUE(query.ends_with(R"("999")"));
}

TEST(ScoreV1, StrongFuzzyMatchesScoreHigherFromVersionTwoOn) {
  EXPECT_LT(fuzzy_score_v1(-2.46F), fuzzy_score_v1(-0.1F));
  EXPECT_GT(fuzzy_score_v2(-2.46F), fuzzy_score_v2(-0.1F));
  EXPECT_EQ(fuzzy_score_v2(std::numeric_limits<float>::quiet_NaN()), 0.0F);
}

TEST(ScoreV1, NotANumberStaysOneInTheSumAndNowhereElse) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(hybrid_score({.brightness = nan}).total));
  EXPECT_EQ(effective_lexical({nan, std::nullopt, std::nullopt, false}), 0.0F);
}

TEST(ScoreV1, FourPlacesAreExact) {
  EXPECT_EQ(four_places(0.505F), "0.5050");
  EXPECT_EQ(four_places(-0.0F), "-0.0000");
}

TEST(ScoreV1, DomainsOverlapByTheQuery) {
  EXPECT_EQ(domain_overlap({"A", " a", "b"}, {"a"}), 0.5F);
  EXPECT_EQ(domain_overlap({}, {"a"}), 0.0F);
}

}  // namespace
}  // namespace cortex::retrieval
