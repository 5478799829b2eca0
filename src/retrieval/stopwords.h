// Words that carry no subject, and the small words that tell one language from another.
#pragma once

#include <cstdint>
#include <string_view>

namespace cortex::retrieval {

// Languages that the stemmers know and that can be told apart here: those written in Latin letters
// by their small words, the others by their script.
enum class Language : std::uint8_t {
  kEnglish,
  kGerman,
  kFrench,
  kSpanish,
  kItalian,
  kPortuguese,
  kDutch,
  kSwedish,
  kDanish,
  kFinnish,
  kRussian,
  kGreek,
  kArabic,
};
inline constexpr int kLanguages = 13;

// The name libstemmer knows it by.
std::string_view stemmer_name(Language language);

// `word` is folded (with accents). True when it is a small word of that language.
bool is_stop_word(Language language, std::string_view word);
// One bit for each language of which `word` is a small word.
std::uint32_t languages_of(std::string_view word);

}  // namespace cortex::retrieval
