// Token scanners of the JSON reader, internal to this room: find the end of one token and check it,
// decode nothing. All work on [p, end) and never read outside it. A scanner that returns false has
// filled in `problem`; the kind is kEnd only when more text could still make the token well-formed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "json/cursor.h"

namespace cortex::json {

struct Problem {
  FaultKind kind = FaultKind::kNone;
  const char* at = nullptr;
  const char* what = "";

  bool set(FaultKind k, const char* where, const char* text) {
    kind = k;
    at = where;
    what = text;
    return false;
  }
  bool ended(const char* where) { return set(FaultKind::kEnd, where, "the text ends in a value"); }
};

struct StringToken {
  const char* close = nullptr;  // the closing quote
  bool escaped = false;         // has escapes, so the raw bytes are not the decoded ones
  bool minimal = true;          // every escape is the one the canonical form uses
};

struct NumberToken {
  const char* end = nullptr;
  bool integer = true;    // neither fraction nor exponent
  bool exponent = false;  // so it may be out of range even when short
};

enum class Stop { kAtEscapes, kAtEscapesAndNonAscii };

namespace scan_detail {
inline constexpr std::uint64_t kOnes = 0x0101010101010101U;
inline constexpr std::uint64_t kHighs = 0x8080808080808080U;

inline std::uint64_t zero_bytes(std::uint64_t x) { return (x - kOnes) & ~x & kHighs; }

// Nonzero when one of the eight bytes stops a scan.
template <Stop kStop>
std::uint64_t stops_in_word(std::uint64_t x) {
  std::uint64_t found = zero_bytes(x ^ (kOnes * '"')) | zero_bytes(x ^ (kOnes * '\\')) |
                        ((x - kOnes * 0x20) & ~x & kHighs);
  if constexpr (kStop == Stop::kAtEscapesAndNonAscii) found |= x & kHighs;
  return found;
}

template <Stop kStop>
bool stops(char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte < 0x20 || c == '"' || c == '\\') return true;
  return kStop == Stop::kAtEscapesAndNonAscii && byte >= 0x80;
}
}  // namespace scan_detail

// The first quote, backslash or control character (and non-ASCII byte, if asked) in [p, end), else
// end.
template <Stop kStop>
inline const char* find_stop(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    // A signed "less than blank" catches control characters and non-ASCII bytes in one comparison.
    const __m128i low = kStop == Stop::kAtEscapesAndNonAscii
                            ? _mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20))
                            : _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
    const __m128i found = _mm_or_si128(
        low, _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    const int mask = _mm_movemask_epi8(found);
    if (mask != 0) return p + __builtin_ctz(static_cast<unsigned>(mask));
  }
#endif
  for (; end - p >= 8; p += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, p, sizeof word);
    if (scan_detail::stops_in_word<kStop>(word) != 0) break;
  }
  while (p != end && !scan_detail::stops<kStop>(*p)) ++p;
  return p;
}

inline bool is_whitespace(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

inline const char* skip_blanks(const char* p, const char* end) {
  while (p != end && is_whitespace(*p)) ++p;
  return p;
}

// The rest of a string from the first byte that needs a look.
bool scan_string_rest(const char* p, const char* end, StringToken& token, Problem& problem);

// `p` is just behind the opening quote.
inline bool scan_string(const char* p, const char* end, StringToken& token, Problem& problem) {
  p = find_stop<Stop::kAtEscapesAndNonAscii>(p, end);
  if (p != end && *p == '"') [[likely]] {
    token.close = p;
    return true;
  }
  return scan_string_rest(p, end, token, problem);
}

// `p` is at a minus sign or a digit. The token ends where the text ends or the grammar does.
bool scan_number(const char* p, const char* end, NumberToken& token, Problem& problem);

// `p` is at the first letter of `literal`.
bool scan_literal(const char* p, const char* end, std::string_view literal, Problem& problem);

// Appends the decoded text of a string token that scan_string accepted (`raw` is without the
// quotes).
void append_unescaped(std::string& out, std::string_view raw);

}  // namespace cortex::json
