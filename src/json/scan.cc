#include "json/scan.h"

#include "base/text.h"

namespace cortex::json {
namespace {

constexpr const char* kBadUtf8 = "ill-formed UTF-8 in a string";
constexpr const char* kLoneSurrogate = "lone surrogate escape in a string";
constexpr const char* kBadEscape = "unknown escape in a string";

constexpr std::uint32_t kHighSurrogate = 0xD800;
constexpr std::uint32_t kLowSurrogate = 0xDC00;
constexpr std::uint32_t kSurrogateEnd = 0xE000;

// The well-formed sequences of Unicode table 3-7: length by lead byte, bounds of the second byte.
struct Lead {
  int length;
  unsigned char low, high;
};

Lead lead_of(unsigned char c) {
  if (c < 0xC2 || c > 0xF4) return {0, 0, 0};
  if (c < 0xE0) return {2, 0x80, 0xBF};
  if (c < 0xF0) {
    return {3, static_cast<unsigned char>(c == 0xE0 ? 0xA0 : 0x80),
            static_cast<unsigned char>(c == 0xED ? 0x9F : 0xBF)};
  }
  return {4, static_cast<unsigned char>(c == 0xF0 ? 0x90 : 0x80),
          static_cast<unsigned char>(c == 0xF4 ? 0x8F : 0xBF)};
}

// Moves `p` behind one non-ASCII character.
bool scan_character(const char*& p, const char* end, Problem& problem) {
  const Lead lead = lead_of(static_cast<unsigned char>(*p));
  if (lead.length == 0) return problem.set(FaultKind::kUtf8, p, kBadUtf8);
  for (int i = 1; i < lead.length; ++i) {
    if (p + i == end) return problem.ended(end);
    const auto c = static_cast<unsigned char>(p[i]);
    const unsigned char low = i == 1 ? lead.low : 0x80;
    const unsigned char high = i == 1 ? lead.high : 0xBF;
    if (c < low || c > high) return problem.set(FaultKind::kUtf8, p, kBadUtf8);
  }
  p += lead.length;
  return true;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four hex digits at `p`.
bool scan_hex4(const char* p, const char* end, std::uint32_t& out, Problem& problem) {
  out = 0;
  for (int i = 0; i < 4; ++i) {
    if (p + i == end) return problem.ended(end);
    const int value = hex_value(p[i]);
    if (value < 0) return problem.set(FaultKind::kSyntax, p + i, "expected four hex digits");
    out = out * 16 + static_cast<std::uint32_t>(value);
  }
  return true;
}

// The low half that must follow a high surrogate; `p` is where its backslash should be.
bool scan_low_surrogate(const char*& p, const char* end, const char* escape, Problem& problem) {
  if (p == end) return problem.ended(end);
  if (*p != '\\') return problem.set(FaultKind::kUtf8, escape, kLoneSurrogate);
  if (p + 1 == end) return problem.ended(end);
  if (p[1] != 'u') return problem.set(FaultKind::kUtf8, escape, kLoneSurrogate);
  std::uint32_t low = 0;
  if (!scan_hex4(p + 2, end, low, problem)) return false;
  if (low < kLowSurrogate || low >= kSurrogateEnd) {
    return problem.set(FaultKind::kUtf8, escape, kLoneSurrogate);
  }
  p += 6;
  return true;
}

// True when the canonical form writes this control character as \u00xx with these very digits.
bool is_minimal_unicode(std::uint32_t unit, const char* digits) {
  if (unit >= 0x20) return false;
  if (unit == '\b' || unit == '\t' || unit == '\n' || unit == '\f' || unit == '\r') return false;
  return digits[3] < 'A' || digits[3] > 'F';
}

// `p` is at the u of an escape.
bool scan_unicode_escape(const char*& p, const char* end, StringToken& token, Problem& problem) {
  const char* const escape = p - 1;
  std::uint32_t unit = 0;
  if (!scan_hex4(p + 1, end, unit, problem)) return false;
  token.minimal = token.minimal && is_minimal_unicode(unit, p + 1);
  p += 5;
  if (unit < kHighSurrogate || unit >= kSurrogateEnd) return true;
  if (unit >= kLowSurrogate) return problem.set(FaultKind::kUtf8, escape, kLoneSurrogate);
  return scan_low_surrogate(p, end, escape, problem);
}

// `p` is at a backslash.
bool scan_escape(const char*& p, const char* end, StringToken& token, Problem& problem) {
  token.escaped = true;
  if (++p == end) return problem.ended(end);
  switch (*p) {
    case '/':
      token.minimal = false;
      [[fallthrough]];
    case '"':
    case '\\':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
      ++p;
      return true;
    case 'u':
      return scan_unicode_escape(p, end, token, problem);
    default:
      return problem.set(FaultKind::kSyntax, p - 1, kBadEscape);
  }
}

// At least one digit at `p`.
bool scan_digits(const char*& p, const char* end, Problem& problem) {
  if (p == end) return problem.ended(end);
  if (!is_digit(*p)) return problem.set(FaultKind::kSyntax, p, "expected a digit");
  while (p != end && is_digit(*p)) ++p;
  return true;
}

// The code point of the escape whose u is at `p`; moves behind it, both halves of a pair included.
std::uint32_t take_unicode_escape(const char*& p) {
  const auto hex4 = [](const char* digits) {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i)
      value = value * 16 + static_cast<std::uint32_t>(hex_value(digits[i]));
    return value;
  };
  const std::uint32_t unit = hex4(p + 1);
  p += 5;
  if (unit < kHighSurrogate || unit >= kSurrogateEnd) return unit;
  const std::uint32_t low = hex4(p + 2);
  p += 6;
  return 0x10000 + ((unit - kHighSurrogate) << 10) + (low - kLowSurrogate);
}

char simple_escape(char c) {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

}  // namespace

bool scan_string_rest(const char* p, const char* end, StringToken& token, Problem& problem) {
  for (;;) {
    if (p == end) return problem.ended(end);
    if (*p == '"') {
      token.close = p;
      return true;
    }
    const auto byte = static_cast<unsigned char>(*p);
    if (byte == '\\') {
      if (!scan_escape(p, end, token, problem)) return false;
    } else if (byte >= 0x80) {
      if (!scan_character(p, end, problem)) return false;
      // Text in other scripts comes in runs; look for the next stop only when the run is over.
      if (p != end && static_cast<unsigned char>(*p) >= 0x80) continue;
    } else {
      return problem.set(FaultKind::kSyntax, p, "control character in a string");
    }
    p = find_stop<Stop::kAtEscapesAndNonAscii>(p, end);
  }
}

bool scan_number(const char* p, const char* end, NumberToken& token, Problem& problem) {
  if (*p == '-') ++p;
  if (p == end) return problem.ended(end);
  const bool zero = *p == '0';
  const char* const digits = p;
  if (!scan_digits(p, end, problem)) return false;
  if (zero && p - digits > 1) return problem.set(FaultKind::kSyntax, digits, "leading zero");
  if (p != end && *p == '.') {
    token.integer = false;
    if (!scan_digits(++p, end, problem)) return false;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    token.integer = false;
    token.exponent = true;
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    if (!scan_digits(p, end, problem)) return false;
  }
  token.end = p;
  return true;
}

bool scan_literal(const char* p, const char* end, std::string_view literal, Problem& problem) {
  for (const char expected : literal) {
    if (p == end) return problem.ended(end);
    if (*p != expected) return problem.set(FaultKind::kSyntax, p, "unknown literal");
    ++p;
  }
  return true;
}

void append_unescaped(std::string& out, std::string_view raw) {
  const char* p = raw.data();
  const char* const end = p + raw.size();
  while (p != end) {
    const void* const found = std::memchr(p, '\\', static_cast<std::size_t>(end - p));
    const char* const escape = found == nullptr ? end : static_cast<const char*>(found);
    out.append(p, escape);
    if (escape == end) return;
    p = escape + 1;
    if (*p == 'u') {
      append_utf8(out, take_unicode_escape(p));
    } else {
      out.push_back(simple_escape(*p++));
    }
  }
}

}  // namespace cortex::json
