#include "retrieval/related_words.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/text.h"
#include "retrieval/word_forms.h"

namespace cortex::retrieval {
namespace {

Term term_of(std::string_view word) {
  Analyzer analyzer;
  std::vector<Token> tokens;
  analyzer.analyze(word, tokens);
  return tokens.empty() ? 0 : tokens.front().term;
}

// The relation of `word` to a word of `question`, if there is one.
const RelatedWord* find(const Query& query, std::string_view word) {
  const auto found = std::ranges::find(query.related, term_of(word), &RelatedWord::term);
  return found == query.related.end() ? nullptr : &*found;
}

Query asked(std::string_view question) {
  Analyzer analyzer;
  return parse_query(analyzer, question, 0);
}

TEST(RelatedWords, OfAQuestionInAnyForm) {
  const Query query = asked("Which pets did the children adopt?");
  const RelatedWord* dog = find(query, "dogs");
  ASSERT_NE(dog, nullptr);
  EXPECT_EQ(query.terms[dog->of].term, term_of("pet"));
  EXPECT_FALSE(dog->broader);
  EXPECT_EQ(find(query, "database"), nullptr);
}

TEST(RelatedWords, WhatAWordIsSaidForComesBehindAndIsMarked) {
  const Query query = asked("Who plays the violin?");
  const RelatedWord* instrument = find(query, "instrument");
  ASSERT_NE(instrument, nullptr);
  EXPECT_TRUE(instrument->broader);
  EXPECT_EQ(query.terms[instrument->of].term, term_of("violin"));
  EXPECT_TRUE(std::ranges::is_sorted(query.related, {}, &RelatedWord::broader));
}

TEST(RelatedWords, HoldNoWordOfTheQuestionAndNoneTwice) {
  const Query query = asked("Is a dog a pet, is a cat a pet, is a puppy an animal?");
  std::set<Term> seen;
  for (const QueryTerm& term : query.terms) seen.insert(term.term);
  ASSERT_FALSE(query.related.empty());
  for (const RelatedWord& word : query.related) {
    EXPECT_TRUE(seen.insert(word.term).second);
    EXPECT_LT(word.of, query.terms.size());
  }
}

TEST(RelatedWords, AreBounded) {
  std::string all;
  for_each_related([&](std::string_view word, std::string_view) { all += cat(word, " "); });
  EXPECT_EQ(asked(all.substr(0, 800)).related.size(), kRelatedWordsMax);
}

TEST(RelatedWords, AreEnglishOnly) {
  EXPECT_FALSE(asked("the pet").related.empty());
  EXPECT_TRUE(asked("wer hat den pet und die art mit der band von dem chef").related.empty());
  EXPECT_TRUE(asked("").related.empty());
  EXPECT_FALSE(asked("src/art/pet.cc").related.empty());  // its parts are words
}

// What the search relies on: words are found by their first letters and stand for themselves.
TEST(RelatedWords, TheTableIsInOrder) {
  Analyzer analyzer;
  std::vector<Token> tokens;
  std::string before;
  const auto check = [&](std::string_view word) {
    EXPECT_EQ(base_form(word), word);
    analyzer.analyze(word, tokens);
    ASSERT_EQ(tokens.size(), 1U) << word;
    EXPECT_FALSE(tokens.front().stop) << word;
    EXPECT_EQ(to_lower_ascii(word), word);
  };
  std::size_t entries = 0;
  for_each_related([&](std::string_view word, std::string_view related) {
    ++entries;
    check(word);
    EXPECT_LE(before, word);
    before = word;
    std::set<std::string_view> seen{word};
    for (const std::string_view one : split(related, ' ')) {
      check(one);
      EXPECT_TRUE(seen.insert(one).second) << word << ": " << one;
    }
  });
  EXPECT_GT(entries, 900U);
}

}  // namespace
}  // namespace cortex::retrieval
