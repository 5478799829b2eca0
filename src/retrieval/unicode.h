// What the analyzer and the snippets need of Unicode: characters, classes, folding, graphemes.
// Ill-formed bytes read as U+FFFD, one byte each; nothing here fails.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cortex::retrieval {

struct CodePoint {
  char32_t value = 0;
  std::size_t size = 1;  // bytes
};

// The character that begins at byte `at` (< text.size()).
CodePoint decode_at(std::string_view text, std::size_t at);

enum class CharClass : std::uint8_t {
  kSpace,  // between words: blanks, punctuation, symbols
  kLetter,
  kDigit,
  kMark,      // belongs to the character before it
  kUnspaced,  // a script written without blanks between words: indexed by pairs
};
CharClass classify(char32_t c);
bool is_upper(char32_t c);

// Case folding with compatibility forms taken apart (ligatures, full width). With
// `strip_marks` accents are dropped too.
void append_folded(std::string& out, char32_t c, bool strip_marks);
// The same for text.
std::string folded(std::string_view text, bool strip_marks);

// End of the grapheme cluster (what a reader takes for one character) that begins at `at`.
std::size_t grapheme_end(std::string_view text, std::size_t at);

}  // namespace cortex::retrieval
