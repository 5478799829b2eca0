#include "retrieval/score_v1.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <unordered_set>

#include "base/text.h"

namespace cortex::retrieval {
namespace {

bool is_word_byte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// NaN stays NaN.
float clamped(float x) { return x < 0.0F ? 0.0F : x > 1.0F ? 1.0F : x; }
// NaN becomes 0.
float bounded(float x) { return std::isfinite(x) ? clamped(x) : 0.0F; }

std::set<std::string> normalised(const std::vector<std::string>& texts) {
  std::set<std::string> out;
  for (const std::string& text : texts) out.insert(to_lower_ascii(trim(text)));
  return out;
}

struct WeightRow {
  std::string_view name;
  float weight;
  float ScoreInput::* raw;
};
constexpr std::array<WeightRow, kComponents> kWeights{{
    {"lexical_match", 0.30F, &ScoreInput::lexical_match},
    {"semantic_similarity", 0.25F, &ScoreInput::semantic_similarity},
    {"brightness", 0.15F, &ScoreInput::brightness},
    {"domain_overlap", 0.10F, &ScoreInput::domain_overlap},
    {"validation", 0.10F, &ScoreInput::validation},
    {"authority_weight", 0.10F, &ScoreInput::authority_weight},
    {"contradiction_risk", -0.25F, &ScoreInput::contradiction_risk},
    {"staleness_penalty", -0.10F, &ScoreInput::staleness_penalty},
}};

// Words between blanks: ASCII ones and the Unicode ones of which UTF-8 text is made.
std::vector<std::string> words_between_blanks(std::string_view text) {
  constexpr std::string_view kBlanks[] = {" ",
                                          "\t",
                                          "\n",
                                          "\v",
                                          "\f",
                                          "\r",
                                          "\xC2\x85",
                                          "\xC2\xA0",
                                          "\xE1\x9A\x80",
                                          "\xE2\x80\x80",
                                          "\xE2\x80\x81",
                                          "\xE2\x80\x82",
                                          "\xE2\x80\x83",
                                          "\xE2\x80\x84",
                                          "\xE2\x80\x85",
                                          "\xE2\x80\x86",
                                          "\xE2\x80\x87",
                                          "\xE2\x80\x88",
                                          "\xE2\x80\x89",
                                          "\xE2\x80\x8A",
                                          "\xE2\x80\xA8",
                                          "\xE2\x80\xA9",
                                          "\xE2\x80\xAF",
                                          "\xE2\x81\x9F",
                                          "\xE3\x80\x80"};
  std::vector<std::string> words(1);
  while (!text.empty()) {
    const auto* blank = std::ranges::find_if(
        kBlanks, [&](std::string_view candidate) { return text.starts_with(candidate); });
    if (blank != std::end(kBlanks)) {
      words.emplace_back();
      text.remove_prefix(blank->size());
    } else {
      words.back().push_back(text.front());
      text.remove_prefix(1);
    }
  }
  return words;
}

// Calls `function` with each run of word bytes, in order.
template <class Function>
void for_each_word(std::string_view text, Function function) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (!is_word_byte(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_word_byte(text[end])) ++end;
    function(text.substr(at, end - at));
    at = end;
  }
}

}  // namespace

void add_ascii_tokens(std::string_view text, std::vector<std::string>& tokens) {
  for_each_word(text, [&tokens](std::string_view word) {
    std::string token = to_lower_ascii(word);
    if (std::ranges::find(tokens, token) == tokens.end()) tokens.push_back(std::move(token));
  });
}

std::vector<std::string> ascii_tokens(std::string_view text) {
  std::vector<std::string> tokens;
  add_ascii_tokens(text, tokens);
  return tokens;
}

namespace {

// Marks the query terms that occur in `text`. Nothing is copied but one token at a time.
void mark_terms(const std::vector<std::string>& terms, std::string_view text,
                std::vector<char>& found) {
  for_each_word(text, [&](std::string_view word) {
    for (std::size_t i = 0; i < terms.size(); ++i) {
      if (terms[i].size() == word.size() && to_lower_ascii(word) == terms[i]) found[i] = 1;
    }
  });
}

}  // namespace

float lexical_match(const std::vector<std::string>& query_terms, std::string_view claim,
                    const std::vector<std::string>& tags) {
  if (query_terms.empty()) return 0.0F;
  std::vector<char> found(query_terms.size(), 0);
  mark_terms(query_terms, claim, found);
  for (const std::string& tag : tags) mark_terms(query_terms, tag, found);
  const auto matched = std::ranges::count(found, 1);
  return static_cast<float>(matched) / static_cast<float>(query_terms.size());
}

float domain_overlap(const std::vector<std::string>& query, const std::vector<std::string>& own) {
  const std::set<std::string> wanted = normalised(query);
  if (wanted.empty()) return 0.0F;
  const std::set<std::string> have = normalised(own);
  const auto matched =
      std::ranges::count_if(wanted, [&](const std::string& one) { return have.contains(one); });
  return static_cast<float>(matched) / static_cast<float>(wanted.size());
}

float effective_lexical(const LexicalInput& input) {
  const float lexical = bounded(input.lexical);
  const float fuzzy = bounded(input.fuzzy.value_or(0.0F));
  if (input.semantic_asked && input.semantic) {
    return 0.65F * lexical + 0.25F * fuzzy + 0.10F * bounded(*input.semantic);
  }
  if (input.fuzzy || input.semantic_asked) return 0.75F * lexical + 0.25F * fuzzy;
  return lexical;
}

float fuzzy_score_v1(float rank) { return bounded(std::exp(rank)); }
float fuzzy_score_v2(float rank) { return bounded(1.0F - std::exp(rank)); }

Score hybrid_score(const ScoreInput& input) {
  Score score;
  for (std::size_t i = 0; i < kComponents; ++i) {
    const WeightRow& row = kWeights[i];
    const float raw = clamped(input.*row.raw);
    score.components[i] = {row.name, row.weight, raw, raw * row.weight};
    score.total =
        i == 0 ? score.components[i].contribution : score.total + score.components[i].contribution;
  }
  return score;
}

std::string four_places(float value) {
  constexpr int kPlaces = 4;
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, static_cast<double>(value),
                                 std::chars_format::fixed, kPlaces)
                       .ptr;
  return {buffer, end};
}

std::string fuzzy_query(std::string_view text) {
  constexpr std::size_t kWindow = 4;
  std::vector<std::string> grams;
  std::unordered_set<std::string> there;
  const auto add = [&](std::string gram) {
    if (grams.size() < kFuzzyGramsMax && there.insert(gram).second) {
      grams.push_back(std::move(gram));
    }
  };
  for (const std::string& word : words_between_blanks(text)) {
    std::string letters;
    std::ranges::copy_if(word, std::back_inserter(letters), is_word_byte);
    letters = to_lower_ascii(letters);
    if (letters.empty()) continue;
    if (letters.size() < kWindow) add(letters);
    for (std::size_t i = 0; i + kWindow <= letters.size(); ++i) add(letters.substr(i, kWindow));
  }
  std::string query;
  for (const std::string& gram : grams) query += cat(query.empty() ? "" : " OR ", "\"", gram, "\"");
  return query;
}

}  // namespace cortex::retrieval
