// A question as the ranking sees it. Operators and quotes are plain text: there is no syntax that
// could be wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "retrieval/analyzer.h"
#include "retrieval/time_text.h"

namespace cortex::retrieval {

// Longer questions are cut here: a ranking needs no more, and costs stay bounded.
inline constexpr std::size_t kQueryBytesMax = 4096;
inline constexpr std::size_t kQueryTermsMax = 64;

struct QueryTerm {
  Term term = 0;
  Field field = Field::kBody;
  std::uint32_t begin = 0, end = 0;  // first place in the text
  std::uint32_t count = 1;
  Term name = 0;  // the same word as a name: Field::kSpeaker
};

// A word that is said where one of the question is asked for (related_words.h).
struct RelatedWord {
  Term term = 0;
  std::size_t of = 0;    // the place of the question's word in Query::terms
  bool broader = false;  // asked for a dog, said of pets
};

enum class Asks : std::uint8_t { kOther, kWhen, kHowMany };

struct Query {
  std::string text;                  // as given, cut to kQueryBytesMax
  std::vector<QueryTerm> terms;      // distinct
  std::vector<RelatedWord> related;  // none of them in `terms`; of English questions
  std::vector<std::uint16_t> names;  // fingerprints of its words, for speakers
  std::vector<TimeSpan> times;
  Asks asks = Asks::kOther;
  bool cut = false;               // the text was longer
  bool only_small_words = false;  // nothing but stop words was said
};

// `now`: Unix seconds, for "yesterday" and its like.
Query parse_query(Analyzer& analyzer, std::string_view text, std::int64_t now);

}  // namespace cortex::retrieval
