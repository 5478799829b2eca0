#include "retrieval/unicode.h"

#include <utf8proc.h>

#include <array>

#include "base/text.h"

namespace cortex::retrieval {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

// Scripts whose words are not set apart by blanks.
struct Range {
  char32_t first, last;
};
constexpr std::array<Range, 12> kUnspaced{{{0x0E00, 0x0EFF},      // Thai, Lao
                                           {0x1000, 0x109F},      // Myanmar
                                           {0x1780, 0x17FF},      // Khmer
                                           {0x3005, 0x3007},      // iteration marks
                                           {0x3040, 0x30FF},      // Hiragana, Katakana
                                           {0x3400, 0x4DBF},      // Han
                                           {0x4E00, 0x9FFF},      // Han
                                           {0xAC00, 0xD7A3},      // Hangul
                                           {0xF900, 0xFAFF},      // Han
                                           {0xFF66, 0xFF9F},      // half-width Katakana
                                           {0x1B000, 0x1B16F},    // Kana
                                           {0x20000, 0x323AF}}};  // Han

bool is_unspaced(char32_t c) {
  if (c < kUnspaced.front().first) return false;
  for (const Range& range : kUnspaced) {
    if (c <= range.last) return c >= range.first;
  }
  return false;
}

// utf8proc numbers the general categories in the order of the standard: letters, marks, numbers.
CharClass class_of_category(utf8proc_category_t category) {
  if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) {
    return CharClass::kLetter;
  }
  if (category >= UTF8PROC_CATEGORY_MN && category <= UTF8PROC_CATEGORY_ME) {
    return CharClass::kMark;
  }
  return category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO ? CharClass::kDigit
                                                                              : CharClass::kSpace;
}

}  // namespace

CodePoint decode_at(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return {first, 1};
  utf8proc_int32_t value = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at);
  const auto left = static_cast<utf8proc_ssize_t>(text.size() - at);
  const utf8proc_ssize_t size = utf8proc_iterate(bytes, left, &value);
  if (size <= 0 || value < 0) return {kReplacement, 1};
  return {static_cast<char32_t>(value), static_cast<std::size_t>(size)};
}

CharClass classify(char32_t c) {
  if (c < 0x80) {
    const char32_t lower = c | 0x20U;
    if (lower >= 'a' && lower <= 'z') return CharClass::kLetter;
    return c >= '0' && c <= '9' ? CharClass::kDigit : CharClass::kSpace;
  }
  const CharClass general = class_of_category(utf8proc_category(static_cast<utf8proc_int32_t>(c)));
  if (general != CharClass::kSpace && is_unspaced(c)) return CharClass::kUnspaced;
  return general;
}

bool is_upper(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z';
  return utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_LU;
}

void append_folded(std::string& out, char32_t c, bool strip_marks) {
  if (c < 0x80) {
    out.push_back(static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c));
    return;
  }
  const int options = UTF8PROC_CASEFOLD | UTF8PROC_COMPAT | UTF8PROC_IGNORE |
                      (strip_marks ? UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK : UTF8PROC_COMPOSE);
  std::array<utf8proc_int32_t, 32> parts{};
  int boundary = 0;
  const utf8proc_ssize_t count = utf8proc_decompose_char(
      static_cast<utf8proc_int32_t>(c), parts.data(), static_cast<utf8proc_ssize_t>(parts.size()),
      static_cast<utf8proc_option_t>(options), &boundary);
  if (count < 0 || count > static_cast<utf8proc_ssize_t>(parts.size())) {
    append_utf8(out, c);
    return;
  }
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    append_utf8(out, static_cast<std::uint32_t>(parts.at(i)));
  }
}

std::string folded(std::string_view text, bool strip_marks) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_at(text, at);
    append_folded(out, c.value, strip_marks);
    at += c.size;
  }
  return out;
}

std::size_t grapheme_end(std::string_view text, std::size_t at) {
  CodePoint previous = decode_at(text, at);
  at += previous.size;
  utf8proc_int32_t state = 0;
  while (at < text.size()) {
    const CodePoint next = decode_at(text, at);
    if (utf8proc_grapheme_break_stateful(static_cast<utf8proc_int32_t>(previous.value),
                                         static_cast<utf8proc_int32_t>(next.value), &state)) {
      break;
    }
    at += next.size;
    previous = next;
  }
  return at;
}

}  // namespace cortex::retrieval
