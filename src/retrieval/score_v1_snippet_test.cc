#include "retrieval/score_v1_snippet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cortex::retrieval {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(SnippetV1, ShortClaimsAreWhole) {
  const SnippetV1 s = snippet_v1("\xC3\x80\xC3\x89 nucleus NUCLEUS", "nucleus");
  EXPECT_FALSE(s.truncated);
  EXPECT_THAT(s.ranges, ElementsAre(Pair(5, 12), Pair(13, 20)));
}

TEST(SnippetV1, LongClaimsAreCutAroundTheFirstMatch) {
  const std::string claim = std::string(100, 'a') + " fox " + std::string(300, 'b');
  const SnippetV1 s = snippet_v1(claim, "fox");
  EXPECT_TRUE(s.truncated);
  EXPECT_EQ(s.window.size(), 240U);
  EXPECT_THAT(s.ranges, ElementsAre(Pair(40, 43)));
}

// Folding makes this letter longer, which moves everything behind it.
TEST(SnippetV1, RangesAreThoseOfTheTextAsWritten) {
  const SnippetV1 s = snippet_v1("\xC4\xB0\xC4\xB0\xC4\xB0\xC4\xB0 fox", "FOX");
  EXPECT_THAT(s.ranges, ElementsAre(Pair(9, 12)));
  EXPECT_EQ(s.window.substr(9, 3), "fox");
}

TEST(SnippetV1, ShortTermsAndOverlapsAndNothing) {
  EXPECT_TRUE(snippet_v1("a b c", "a").ranges.empty());
  EXPECT_THAT(snippet_v1("nucleus of", "nu nucleus of").ranges,
              ElementsAre(Pair(0, 7), Pair(8, 10)));
  EXPECT_EQ(snippet_v1("", "x y").window, "");
  EXPECT_EQ(snippet_v1("\xFF\xFE fox", "fox").ranges.size(), 1U);
}

TEST(SnippetV1, CutsDoNotTearWhatIsSeenAsOneCharacter) {
  std::string claim;
  for (int i = 0; i < 100; ++i) claim += "e\xCC\x81";  // e and an accent
  const SnippetV1 s = snippet_v1(claim + " fox", "fox");
  EXPECT_EQ(s.window.front(), 'e');
}

}  // namespace
}  // namespace cortex::retrieval
