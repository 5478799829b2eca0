// Score version 1: the arithmetic of reference 0.1.2 (docs/formats.md, "Search"), in 32-bit floats
// and without fused operations, and what version 2 changes in it. Pure functions.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cortex::retrieval {

// Distinct tokens in the order in which they first occur: runs of ASCII letters and digits in lower
// case, everything else separates.
std::vector<std::string> ascii_tokens(std::string_view text);
void add_ascii_tokens(std::string_view text, std::vector<std::string>& tokens);

// Share of the distinct query terms among the terms of claim and tags. 0 without query terms.
float lexical_match(const std::vector<std::string>& query_terms, std::string_view claim,
                    const std::vector<std::string>& tags);

// Share of the query's domains that a memory has; both sides trimmed, lower case, distinct.
float domain_overlap(const std::vector<std::string>& query, const std::vector<std::string>& own);

// The lexical input of the hybrid score. `semantic` only in version 1's --semantic, and only when
// the similarity is known.
struct LexicalInput {
  float lexical = 0;
  std::optional<float> fuzzy{};  // with --fuzzy
  std::optional<float> semantic{};
  bool semantic_asked = false;
};
float effective_lexical(const LexicalInput& input);

// bm25 ranks are negative, more negative is better. Version 1 turns them upside down, version 2
// does not. Within 0 and 1; 0 for what is not finite.
float fuzzy_score_v1(float rank);
float fuzzy_score_v2(float rank);

inline constexpr std::size_t kComponents = 8;
struct Component {
  std::string_view name;
  float weight = 0;
  float raw = 0;           // clamped
  float contribution = 0;  // raw times weight
};

struct ScoreInput {
  float lexical_match = 0, semantic_similarity = 0, brightness = 0, domain_overlap = 0;
  float validation = 0, authority_weight = 0, contradiction_risk = 0, staleness_penalty = 0;
};
struct Score {
  std::array<Component, kComponents> components{};
  float total = 0;  // sum of the contributions in their order
};
Score hybrid_score(const ScoreInput& input);

// "0.5050", "-0.0000": the exact value rounded to four places.
std::string four_places(float value);

// The full-text query of --fuzzy: four-character windows of each word, as quoted alternatives, the
// first kFuzzyGramsMax of them; "" when the text has no ASCII letters or digits. O(text). Each
// alternative costs the index half a millisecond.
inline constexpr std::size_t kFuzzyGramsMax = 1000;
std::string fuzzy_query(std::string_view text);

}  // namespace cortex::retrieval
