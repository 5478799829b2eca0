#include "retrieval/snippet.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "base/text.h"
#include "retrieval/unicode.h"

namespace cortex::retrieval {
namespace {

std::vector<Term> terms_of(Analyzer& analyzer, std::string_view query) {
  std::vector<Token> tokens;
  analyzer.analyze(query, tokens);
  std::vector<Term> terms;
  for (const Token& t : tokens) terms.push_back(t.term);
  return terms;
}

// "a [match] b"
std::string marked(std::string_view text, std::string_view query, std::size_t bytes_max = 200) {
  Analyzer analyzer;
  const Snippet s = make_snippet(analyzer, text, terms_of(analyzer, query), bytes_max);
  std::string out = s.cut_before ? "<" : "";
  std::size_t at = 0;
  for (const auto& [begin, end] : s.ranges) {
    out += s.text.substr(at, begin - at) + "[" + s.text.substr(begin, end - begin) + "]";
    at = end;
  }
  return out + s.text.substr(at) + (s.cut_after ? ">" : "");
}

TEST(Snippet, MarksWhatMatched) {
  EXPECT_EQ(marked("The cats sleep, a cat eats.", "cat"), "The [cats] sleep, a [cat] eats.");
  EXPECT_EQ(marked("nothing here", "cat"), "nothing here");
  EXPECT_EQ(marked("", "cat"), "");
}

TEST(Snippet, ShowsTheDensestPlace) {
  const std::string text = "cat. " + std::string(40, 'x') + " " + std::string(300, 'y') +
                           " then the cat met a dog there. " + std::string(300, 'z');
  const std::string shown = marked(text, "cat dog", 100);
  EXPECT_NE(shown.find("[cat] met a [dog]"), std::string::npos) << shown;
  EXPECT_TRUE(shown.starts_with('<') && shown.ends_with('>'));
}

TEST(Snippet, LengthsThatFoldingChangesDoNotMoveTheMarks) {
  EXPECT_EQ(marked("\u0130\u0130\u0130\u0130 fox", "fox"), "\u0130\u0130\u0130\u0130 [fox]");
  EXPECT_EQ(marked("stra\u00dfe 1", "STRASSE"), "[stra\u00dfe] 1");
}

TEST(Snippet, AMarkNeverTearsACharacter) {
  EXPECT_EQ(marked("cafe\u0301 x", "cafe"), "[cafe\u0301] x");
  EXPECT_EQ(marked("\u6771\u4eac\u90fd", "\u4eac\u90fd"), "\u6771[\u4eac\u90fd]");
}

// Whatever text: ranges are apart, in order, and they and the cuts lie on cluster borders.
TEST(Snippet, CutsLieOnClusterBorders) {
  const std::vector<std::string> parts{"cat",
                                       "dog",
                                       " ",
                                       "e\u0301",
                                       "\u200d",
                                       "\U0001F468\u200d\U0001F469\u200d\U0001F467",
                                       "\U0001F1E9\U0001F1EA",
                                       "\u0e01\u0e33",
                                       "\u1100\u1161\u11a8",
                                       "\r\n",
                                       "\u05d0\u05d1",
                                       "\xff",
                                       "\u0301",
                                       "\u6771\u4eac",
                                       ".",
                                       "\u0600"
                                       "7",
                                       "x",
                                       "\n"};
  std::mt19937 random(7);
  Analyzer analyzer;
  const auto terms = terms_of(analyzer, "cat dog \u6771\u4eac x e");
  for (int round = 0; round < 4000; ++round) {
    std::string text;
    for (int i = static_cast<int>(random() % 60); i > 0; --i)
      text += parts[random() % parts.size()];
    const std::size_t bytes_max = 1 + random() % 80;
    const Snippet s = make_snippet(analyzer, text, terms, bytes_max);
    ASSERT_TRUE(is_valid_utf8(s.text));
    std::set<std::size_t> borders{0};
    for (std::size_t at = 0; at < s.text.size();) borders.insert(at = grapheme_end(s.text, at));
    std::size_t before = 0;
    for (const auto& [begin, end] : s.ranges) {
      ASSERT_LE(before, begin);
      ASSERT_LT(begin, end);
      ASSERT_TRUE(borders.contains(begin) && borders.contains(end)) << quoted(s.text);
      before = end;
    }
    ASSERT_LE(before, s.text.size());
    ASSERT_TRUE(s.text.size() <= bytes_max || borders.size() == 2U);
  }
}

}  // namespace
}  // namespace cortex::retrieval
