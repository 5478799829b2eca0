#include "retrieval/analyzer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cortex::retrieval {
namespace {

std::vector<Token> analyzed(std::string_view text) {
  Analyzer analyzer;
  std::vector<Token> tokens;
  analyzer.analyze(text, tokens);
  return tokens;
}

// "went|to|[src/x.cc]": the stretches of the text, wholes in brackets, stop words left out.
std::string stretches(std::string_view text) {
  std::string out;
  for (const Token& t : analyzed(text)) {
    if (t.stop) continue;
    const std::string word(text.substr(t.begin, t.end - t.begin));
    out += (out.empty() ? "" : "|") + (t.field == Field::kWhole ? "[" + word + "]" : word);
  }
  return out;
}

bool same_terms(std::string_view a, std::string_view b) {
  const auto first = analyzed(a), second = analyzed(b);
  if (first.size() != second.size()) return false;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i].term != second[i].term) return false;
  }
  return true;
}

TEST(Analyzer, FindsWordsAndLeavesSmallOnesOut) {
  EXPECT_EQ(stretches("Where did the cats go? They went home."), "cats|go|went|home");
  EXPECT_EQ(stretches(""), "");
  EXPECT_EQ(stretches(" ... !? \n"), "");
}

TEST(Analyzer, WordsOfOneRootAreOneTerm) {
  EXPECT_TRUE(same_terms("painting", "paintings"));
  EXPECT_TRUE(same_terms("Caroline's", "caroline"));
  EXPECT_TRUE(same_terms("Caroline\u2019s", "caroline"));
  EXPECT_FALSE(same_terms("painting", "pottery"));
}

TEST(Analyzer, CaseAccentsAndCompatibilityFormsDoNotMatter) {
  EXPECT_TRUE(same_terms("CAFE", "caf\u00e9"));
  EXPECT_TRUE(same_terms("cafe\u0301", "caf\u00e9"));
  EXPECT_TRUE(same_terms("\uff21\uff22\uff23", "abc"));
  EXPECT_TRUE(same_terms("STRASSE", "stra\u00dfe"));
  EXPECT_TRUE(same_terms("\u0391\u03b8\u03ae\u03bd\u03b1", "\u0391\u0398\u0397\u039d\u0391"));
}

TEST(Analyzer, IdentifiersAndPathsAreSplitAndKept) {
  EXPECT_EQ(stretches("parseHTTPBody"), "[parseHTTPBody]|parse|HTTP|Body");
  EXPECT_EQ(stretches("snake_case_name"), "[snake_case_name]|snake|case|name");
  EXPECT_EQ(stretches("open src/app/recall.cc now"),
            "open|[src/app/recall.cc]|src|app|recall|cc|now");
  EXPECT_TRUE(same_terms("src/app/recall.cc", "SRC/APP/recall.cc"));
}

TEST(Analyzer, ScriptsWithoutBlanksAreIndexedByPairs) {
  EXPECT_EQ(stretches("\u6771\u4eac\u90fd"), "\u6771\u4eac|\u4eac\u90fd");
  EXPECT_EQ(stretches("\u6771"), "\u6771");
  EXPECT_EQ(stretches("go\u6771\u4eac"), "go|\u6771\u4eac");
}

TEST(Analyzer, TheLanguageIsToldByItsSmallWords) {
  Analyzer analyzer;
  std::vector<Token> tokens;
  EXPECT_EQ(analyzer.analyze("what did you do with the box", tokens), Language::kEnglish);
  EXPECT_EQ(analyzer.analyze("wir haben das nicht mit der Katze", tokens), Language::kGerman);
  EXPECT_EQ(analyzer.analyze("nous avons vu les chevaux dans une ferme", tokens),
            Language::kFrench);
  EXPECT_EQ(analyzer.analyze("painting", tokens), Language::kEnglish);
}

TEST(Analyzer, BytesThatAreNoTextDoNoHarm) {
  EXPECT_EQ(stretches("ab\xff\xfe"
                      "cd"),
            "ab|cd");
  EXPECT_EQ(stretches("\xe6\x9d"), "");
  std::string nul("a\0b", 3);
  EXPECT_EQ(analyzed(nul).size(), 2U);
}

TEST(Analyzer, VeryLongWordsAreCutAndStayWithinTheText) {
  const std::string text = std::string(100'000, 'x') + " end";
  const auto tokens = analyzed(text);
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0].end, 100'000U);
  EXPECT_TRUE(same_terms(std::string(100, 'x'), std::string(200, 'x')));
}

TEST(Analyzer, ACacheFullOfWordsGivesTheSameTerms) {
  Analyzer warm;
  std::vector<Token> tokens, again;
  for (int i = 0; i < 100'000; ++i) warm.analyze("word" + std::to_string(i), tokens);
  warm.analyze("paintings of horses", again);
  tokens = analyzed("paintings of horses");
  ASSERT_EQ(tokens.size(), again.size());
  for (std::size_t i = 0; i < tokens.size(); ++i) EXPECT_EQ(tokens[i].term, again[i].term);
}

}  // namespace
}  // namespace cortex::retrieval
