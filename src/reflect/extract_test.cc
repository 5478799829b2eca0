#include "reflect/extract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/text.h"
#include "reflect/reflection.h"

namespace cortex::reflect {
namespace {

using testing::ElementsAre;

constexpr const char* kEvent = "evt_01ARZ3NDEKTSV4RRFFQ69G5FB1";
constexpr const char* kTrace = "trc_01ARZ3NDEKTSV4RRFFQ69G5FAV";

std::vector<std::string> claims_in(Speaker speaker, std::string_view text) {
  Extractor extractor;
  extractor.see(kEvent, speaker, text, {"build"});
  const auto read = read_reflection(extractor.document(kTrace));
  EXPECT_TRUE(read.ok()) << read.error().text();
  std::vector<std::string> claims;
  for (const MemoryCandidate& one : read->memories) claims.push_back(one.claim);
  return claims;
}

TEST(ExtractTest, DecisionsCorrectionsPreferencesAndFactsAreFound) {
  EXPECT_THAT(
      claims_in(Speaker::kUser,
                "Hello there. Let's use SQLite for this. What do you think?\n"
                "- Always run the tests before a commit.\n"
                "> Actually, the port is 8443.\n"
                "Please remember that deploys end at noon!"),
      ElementsAre("Let's use SQLite for this.", "Always run the tests before a commit.",
                  "Actually, the port is 8443.", "Please remember that deploys end at noon!"));
}

TEST(ExtractTest, CodeQuestionsRepeatsAndOtherVoicesAreNot) {
  EXPECT_THAT(claims_in(Speaker::kUser, "```\nalways do this in code\n```\nAlways do that?"),
              ElementsAre());
  EXPECT_THAT(claims_in(Speaker::kUser, "Never push on Friday.\nnever push on friday."),
              ElementsAre("Never push on Friday."));
  EXPECT_THAT(claims_in(Speaker::kAgent, "Always trust me. Decision: the parser is split in two."),
              ElementsAre("Decision: the parser is split in two."));
  EXPECT_THAT(claims_in(Speaker::kOther, "Decision: tools decide nothing here."), ElementsAre());
}

TEST(ExtractTest, LinesAreNamedAndSecretsTakenOut) {
  Extractor extractor;
  extractor.see(kEvent, Speaker::kUser,
                "hello\n\nRemember: the token is ghp_" + std::string(36, 'a') + " for now.", {});
  const auto read = read_reflection(extractor.document(kTrace));
  ASSERT_TRUE(read.ok());
  ASSERT_EQ(read->memories.size(), 1U);
  EXPECT_THAT(read->episodes[0].entities, ElementsAre("line:3"));
  EXPECT_EQ(read->memories[0].claim.find("ghp_aaa"), std::string::npos);
  EXPECT_NE(read->memories[0].claim.find("[redacted:"), std::string::npos);
}

TEST(ExtractTest, OnlyPeopleAndAgentsAreHeard) {
  using core::EventType;
  EXPECT_EQ(speaker_of(EventType::kUserMessage), Speaker::kUser);
  EXPECT_EQ(speaker_of(EventType::kCorrection), Speaker::kUser);
  EXPECT_EQ(speaker_of(EventType::kAgentResponse), Speaker::kAgent);
  EXPECT_EQ(speaker_of(EventType::kDecision), Speaker::kAgent);
  EXPECT_EQ(speaker_of(EventType::kToolResult), Speaker::kOther);
  EXPECT_EQ(speaker_of(EventType::kOutcome), Speaker::kOther);
}

// Whatever is said: the document reads back, each memory has one event and one line behind it and
// is believed little, and the same words give the same document.
TEST(ExtractTest, HoldsForAnyWords) {
  constexpr std::string_view kWords[] = {
      "always", "never",    "no,",      "note:", "we decided", "xyzzy", "```",     ">", "\n",
      "    ",   "I prefer", "\xC3\xA9", "fact:", "?",          ".",     "ghp_abc", "#", "-"};
  std::mt19937 random(7);  // the same run each time
  for (int round = 0; round < 300; ++round) {
    std::string text;
    for (int i = 0; i < 60; ++i) text += cat(kWords[random() % std::size(kWords)], " ");
    Extractor one, other;
    for (Extractor* extractor : {&one, &other}) {
      extractor->see(kEvent, Speaker::kUser, text, {"build"});
    }
    EXPECT_EQ(json::canonical(one.document(kTrace)), json::canonical(other.document(kTrace)));
    const auto read = read_reflection(one.document(kTrace));
    ASSERT_TRUE(read.ok()) << read.error().text();
    for (const MemoryCandidate& memory : read->memories) {
      EXPECT_LE(memory.confidence, kExtractedConfidenceMax);
      ASSERT_EQ(read->events_of(memory).size(), 1U);
      const EpisodeCandidate& episode = read->episodes[memory.episodes[0]];
      EXPECT_EQ(episode.summary, memory.claim);
      EXPECT_TRUE(episode.entities[0].starts_with("line:"));
    }
  }
}

TEST(ExtractTest, TheFloodIsBounded) {
  Extractor extractor;
  for (int i = 0; i < 1000; ++i) {
    extractor.see(kEvent, Speaker::kUser, cat("Always remember number ", i, "."), {});
  }
  EXPECT_EQ(extractor.found(), Extractor::kFoundMax);
  EXPECT_TRUE(read_reflection(extractor.document(kTrace)).ok());
}

TEST(ExtractTest, TheAnswerIsTheDocument) {
  Extractor extractor;
  extractor.see(kEvent, Speaker::kUser, "We decided to ship on Thursday.", {});
  const llm::Response answer = extracted_answer(extractor.document(kTrace));
  EXPECT_EQ(answer.model, kExtractModel);
  EXPECT_EQ(parse_reflection(answer.text)->memories.size(), 1U);
}

}  // namespace
}  // namespace cortex::reflect
