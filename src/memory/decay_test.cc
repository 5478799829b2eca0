#include "memory/decay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/text.h"
#include "crypto/digest.h"
#include "trust/semantic.h"

namespace cortex::memory {
namespace {

json::Value golden() {
  std::ifstream file(std::string(CORTEX_TEST_DATA) + "/agents/decay/compress-vectors.json");
  std::stringstream text;
  text << file.rdbuf();
  return json::parse(text.str()).value();
}

// A text, or {"repeat": c, "count": n}.
std::string text_of(const json::Value& value) {
  if (const std::string* text = value.as_string()) return *text;
  std::string out;
  for (std::uint64_t i = 0; i < *value.find_unsigned("count"); ++i) {
    out += *value.find_text("repeat");
  }
  return out;
}

std::string column(const json::Value& value) {
  return json::write_compact(value, json::Keys::kSorted);
}

TEST(DecayTest, SummariesAreThoseOfTheVectors) {
  const json::Value cases = golden();
  ASSERT_GE(cases.as_array()->size(), 5U);
  for (const json::Value& one : *cases.as_array()) {
    SCOPED_TRACE(*one.find_text("case"));
    std::vector<SummarySource> sources;
    const json::Array& ids = *one.find("source_ids")->as_array();
    for (const json::Value& from : *one.find("sources")->as_array()) {
      sources.push_back({.id = *ids[sources.size()].as_string(),
                         .text = text_of(*from.find("claim")),
                         .confidence = json::to_double(*from.find("conf")->as_number()),
                         .domains = *from.find("dom"),
                         .events = *from.find("ev"),
                         .episodes = *from.find("ep"),
                         .authority = *from.find_text("auth")});
    }
    const store::Memory row = summary_of(DecayKind::kCandidates, sources, std::nullopt);
    const json::Value& want = *one.find("summary_row");
    EXPECT_EQ(row.type, *want.find_text("memory_type"));
    EXPECT_EQ(row.status, *want.find_text("status"));
    EXPECT_EQ(row.claim.size(), want.find_unsigned("claim_bytes"));
    EXPECT_EQ(crypto::blake3_hex(row.claim), *want.find_text("claim_blake3"));
    EXPECT_EQ(column(row.source_episodes), *want.find_text("source_episodes_json"));
    EXPECT_EQ(column(row.source_events), *want.find_text("source_events_json"));
    EXPECT_EQ(column(row.domains), *want.find_text("domains_json"));
    EXPECT_EQ(column(row.salience), *want.find_text("salience_json"));
    EXPECT_EQ(column(row.applies_when), *want.find_text("applies_when_json"));
    EXPECT_EQ(column(row.does_not_apply_when), *want.find_text("does_not_apply_when_json"));
    EXPECT_EQ(row.authority, *want.find_text("authority"));
    EXPECT_EQ(row.confidence, json::to_double(*want.find("confidence")->as_number()));
  }
}

TEST(DecayTest, EpisodesAreDerived_AndAModelIsNamed) {
  const SummarySource one{.id = "epi_1",
                          .text = "a",
                          .confidence = 0.5,
                          .domains = json::Array{"d"},
                          .events = json::Value("evt_1"),
                          .episodes = {},
                          .authority = "user"};
  const store::Memory row =
      summary_of(DecayKind::kEpisodes, std::span(&one, 1), ModelText{"short", "m"});
  EXPECT_EQ(row.claim, "short");
  EXPECT_EQ(row.authority, "derived");
  EXPECT_EQ(column(row.source_events), "[\"evt_1\"]");
  EXPECT_EQ(column(row.applies_when),
            "{\"llm_summary\":{\"model_name\":\"m\"},\"summary_of_episodes\":[\"epi_1\"]}");
}

TEST(DecayTest, ManyTags_AreUnitedInOnePass_InTheirOrder) {
  constexpr int kTags = 200'000;
  json::Array tags;
  for (int n = 0; n < kTags; ++n) tags.emplace_back(std::to_string(n));
  std::vector<SummarySource> sources(2);
  for (SummarySource& source : sources) source.domains = tags;
  const json::Value all = summary_of(DecayKind::kCandidates, sources, std::nullopt).domains;
  ASSERT_EQ(all.as_array()->size(), tags.size());
  EXPECT_EQ(*all.as_array()->back().as_string(), std::to_string(kTags - 1));
}

TEST(DecayTest, WhoeverAttests_AttestsHisOwnWordsOnly) {
  for (const auto& [one, other] : std::vector<std::pair<std::string, std::string>>{
           {"operator", "agent"}, {"agent", "operator"}, {"tool", "operator"}, {"user", "tool"}}) {
    std::vector<SummarySource> sources(2);
    sources[0].authority = one;
    sources[1].authority = other;
    const std::string label = summary_of(DecayKind::kCandidates, sources, std::nullopt).authority;
    EXPECT_NE(trust::labels_of_authority(label).provenance, trust::Provenance::kOperatorAttested)
        << one << " and " << other;
  }
}

TEST(DecayTest, TokensAreThoseOfTheTables) {
  for (const JobState state : kJobStates) {
    EXPECT_EQ(parse_job_state(job_state_token(state)), state);
  }
  EXPECT_EQ(parse_decay_kind("candidate_compression"), DecayKind::kCandidates);
  EXPECT_EQ(parse_decay_kind("merge"), std::nullopt);
  EXPECT_EQ(parse_method("llm_summary"), SummaryMethod::kModel);
  EXPECT_FALSE(is_terminal(JobState::kInProgress));
  EXPECT_TRUE(is_terminal(JobState::kCancelled));
}

TEST(DecayTest, OnlyDarkUnvalidatedUntouchedMemoriesFade) {
  store::Memory one;
  one.salience = json::Object();
  one.updated_at = "2026-01-01T00:00:00+00:00";
  const FadingRule rule{.brightness_below = 0.35F, .before = "2026-02-01T00:00:00+00:00"};
  EXPECT_TRUE(is_fading(one, false, rule));
  EXPECT_FALSE(is_fading(one, true, rule));  // a dispute is to be settled, not forgotten
  store::Memory bright = one;
  bright.salience = json::Object{{"reusability", 1.0}, {"consequence", 1.0}};
  EXPECT_FALSE(is_fading(bright, false, rule));
  store::Memory used = one;
  used.last_cross_session_use_at = "2026-03-01T00:00:00+00:00";
  EXPECT_FALSE(is_fading(used, false, rule));
  store::Memory validated = one;
  validated.validation_epoch = 1;
  EXPECT_FALSE(is_fading(validated, false, rule));
}

}  // namespace
}  // namespace cortex::memory
