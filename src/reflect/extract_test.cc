#include "reflect/extract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

TEST(ExtractTest, TheFloodIsBounded) {
  Extractor extractor;
  for (int i = 0; i < 1000; ++i) {
    extractor.see(kEvent, Speaker::kUser, cat("Always remember number ", i, "."), {});
  }
  EXPECT_EQ(extractor.found(), Extractor::kFoundMax);
  EXPECT_TRUE(read_reflection(extractor.document(kTrace)).ok());
}

TEST(ExtractTest, TheModelAnswersWithTheDocument) {
  Extractor extractor;
  extractor.see(kEvent, Speaker::kUser, "We decided to ship on Thursday.", {});
  ExtractModel model(extractor.document(kTrace));
  const auto answer = model.complete({});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->model, kExtractModel);
  EXPECT_EQ(parse_reflection(answer->text)->memories.size(), 1U);
}

}  // namespace
}  // namespace cortex::reflect
