#include "json/number.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>

#include "base/text.h"
#include "json/powers_of_ten.h"

namespace cortex::json {
namespace {

constexpr std::uint64_t kUnsignedMax = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kSignedMagnitudeMax = std::uint64_t{1} << 63;
constexpr std::int64_t kExponentMax = std::numeric_limits<std::int32_t>::max();
constexpr int kPowerMax = 308;
// Decimals of at most this many significant digits map to distinct doubles, so they are their own
// shortest text.
constexpr std::size_t kExactDigits = 15;
// Scientific exponents that are written without an exponent part.
constexpr int kPositionalMin = -5;
constexpr int kPositionalMax = 15;
// Sign, 17 digits, point, four leading zeros or a three-digit exponent: 24 characters at most.
constexpr std::size_t kDoubleTextMax = 32;

// Appends a decimal digit unless that would overflow 64 bits.
bool push_digit(std::uint64_t& significand, char c) {
  const auto digit = static_cast<std::uint64_t>(c - '0');
  if (significand > (kUnsignedMax - digit) / 10) return false;
  significand = significand * 10 + digit;
  return true;
}

// The parts of a number token as the format accumulates them.
struct Parts {
  bool negative = false;
  bool overflowed = false;     // integer digits were dropped
  bool floating = false;       // a fraction or an exponent was written
  bool exponent_huge = false;  // the exponent literal does not fit 32 bits
  bool exponent_negative = false;
  std::uint64_t significand = 0;
  std::int64_t exponent = 0;
};

const char* take_integer(const char* p, const char* end, Parts& parts) {
  for (; p != end && is_digit(*p); ++p) {
    if (parts.overflowed || !push_digit(parts.significand, *p)) {
      parts.overflowed = true;
      ++parts.exponent;
    }
  }
  return p;
}

const char* take_fraction(const char* p, const char* end, Parts& parts) {
  bool full = false;
  for (; p != end && is_digit(*p); ++p) {
    if (full || !push_digit(parts.significand, *p)) {
      full = true;
    } else {
      --parts.exponent;
    }
  }
  return p;
}

void take_exponent(const char* p, const char* end, Parts& parts) {
  if (p != end && (*p == '+' || *p == '-')) parts.exponent_negative = *p++ == '-';
  std::int64_t literal = 0;
  for (; p != end && is_digit(*p); ++p) {
    literal = literal * 10 + (*p - '0');
    if (literal > kExponentMax) {
      parts.exponent_huge = true;
      return;
    }
  }
  parts.exponent += parts.exponent_negative ? -literal : literal;
}

Parts take_parts(std::string_view token) {
  Parts parts;
  const char* p = token.data();
  const char* const end = p + token.size();
  if (p != end && *p == '-') {
    parts.negative = true;
    ++p;
  }
  p = take_integer(p, end, parts);
  if (p != end && *p == '.') {
    parts.floating = true;
    p = take_fraction(p + 1, end, parts);
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    parts.floating = true;
    take_exponent(p + 1, end, parts);
  }
  return parts;
}

// significand * 10^exponent in the arithmetic of the format. False when it is out of range.
bool scale(const Parts& parts, double& out) {
  if (parts.exponent_huge) {
    out = 0.0;
    return parts.exponent_negative || parts.significand == 0;
  }
  auto f = static_cast<double>(parts.significand);
  std::int64_t exponent = parts.exponent;
  while (exponent < -kPowerMax || exponent > kPowerMax) {
    if (f == 0.0) break;
    if (exponent > 0) return false;
    f /= kPowersOfTen[kPowerMax];
    exponent += kPowerMax;
  }
  if (f != 0.0 && exponent >= 0) {
    f *= kPowersOfTen[static_cast<std::size_t>(exponent)];
  } else if (f != 0.0) {
    f /= kPowersOfTen[static_cast<std::size_t>(-exponent)];
  }
  out = f;
  return !std::isinf(f);
}

bool set_double(const Parts& parts, double magnitude, Number& out) {
  out = Number{};
  out.kind = Number::Kind::kDouble;
  out.d = parts.negative ? -magnitude : magnitude;
  return true;
}

// The shortest decimal digits of a finite value and the exponent of the first one.
struct Digits {
  bool negative = false;
  std::array<char, 20> text{};
  std::size_t size = 0;
  int exponent = 0;
};

Digits shortest_digits(double value) {
  Digits digits;
  std::array<char, kDoubleTextMax> buffer{};
  const char* const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                        std::chars_format::scientific)
                              .ptr;
  const char* p = buffer.data();
  if (*p == '-') {
    digits.negative = true;
    ++p;
  }
  for (; p != end && *p != 'e'; ++p) {
    if (*p != '.') digits.text[digits.size++] = *p;
  }
  ++p;
  const bool negative_exponent = *p++ == '-';
  for (; p != end; ++p) digits.exponent = digits.exponent * 10 + (*p - '0');
  if (negative_exponent) digits.exponent = -digits.exponent;
  return digits;
}

class Appender {
 public:
  explicit Appender(char* out) : out_(out) {}
  void put(char c) { *out_++ = c; }
  void put(const Digits& digits, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) put(i < digits.size ? digits.text[i] : '0');
  }
  void zeros(int count) {
    for (; count > 0; --count) put('0');
  }
  void number(int n) { out_ = std::to_chars(out_, out_ + 4, n).ptr; }
  char* position() const { return out_; }

 private:
  char* out_;
};

void layout_positional(const Digits& digits, Appender& to) {
  if (digits.exponent < 0) {
    to.put('0');
    to.put('.');
    to.zeros(-digits.exponent - 1);
    to.put(digits, 0, digits.size);
    return;
  }
  const auto integer_digits = static_cast<std::size_t>(digits.exponent) + 1;
  to.put(digits, 0, integer_digits);
  to.put('.');
  to.put(digits, integer_digits, std::max(digits.size, integer_digits + 1));
}

void layout_scientific(const Digits& digits, Appender& to) {
  to.put(digits, 0, 1);
  if (digits.size > 1) {
    to.put('.');
    to.put(digits, 1, digits.size);
  }
  to.put('e');
  to.put(digits.exponent < 0 ? '-' : '+');
  to.number(std::abs(digits.exponent));
}

// Writes the canonical text of a finite value to `out` (kDoubleTextMax bytes) and returns its end.
char* format_double(double value, char* out) {
  const Digits digits = shortest_digits(value);
  Appender to(out);
  if (digits.negative) to.put('-');
  if (digits.exponent >= kPositionalMin && digits.exponent <= kPositionalMax) {
    layout_positional(digits, to);
  } else {
    layout_scientific(digits, to);
  }
  return to.position();
}

bool is_canonical_integer(std::string_view token) {
  const Parts parts = take_parts(token);
  if (parts.overflowed) return false;
  if (!parts.negative) return true;
  return parts.significand != 0 && parts.significand <= kSignedMagnitudeMax;
}

// Decides "digits.digits" of few digits by its shape alone; these are most fractions in practice.
bool is_canonical_short_decimal(std::string_view whole, std::string_view fraction) {
  if (fraction == "0") return true;
  if (fraction.back() == '0') return false;
  if (whole != "0") return true;
  const std::size_t zeros = fraction.find_first_not_of('0');
  return zeros < static_cast<std::size_t>(-kPositionalMin);
}

bool is_canonical_double(std::string_view token) {
  double value = 0;
  const char* const end = token.data() + token.size();
  // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): `end` is the size
  const auto [last, error] = std::from_chars(token.data(), end, value);
  if (error != std::errc{} || last != end || !std::isfinite(value)) return false;
  std::array<char, kDoubleTextMax> buffer{};
  const char* const text_end = format_double(value, buffer.data());
  return token == std::string_view(buffer.data(), text_end);
}

}  // namespace

bool read_number(std::string_view token, Number& out) {
  const Parts parts = take_parts(token);
  if (parts.floating || parts.overflowed) {
    double magnitude = 0;
    return scale(parts, magnitude) && set_double(parts, magnitude, out);
  }
  if (!parts.negative) {
    out = Number{};
    out.u = parts.significand;
    return true;
  }
  if (parts.significand == 0 || parts.significand > kSignedMagnitudeMax) {
    return set_double(parts, static_cast<double>(parts.significand), out);
  }
  out = Number{};
  out.kind = Number::Kind::kSigned;
  out.i = static_cast<std::int64_t>(~parts.significand + 1);
  return true;
}

void write_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out.append("null");
    return;
  }
  std::array<char, kDoubleTextMax> buffer{};
  out.append(buffer.data(), format_double(value, buffer.data()));
}

void write_number(std::string& out, const Number& number) {
  std::array<char, kDoubleTextMax> buffer{};
  char* const begin = buffer.data();
  char* const end = begin + buffer.size();
  switch (number.kind) {
    case Number::Kind::kUnsigned:
      out.append(begin, std::to_chars(begin, end, number.u).ptr);
      return;
    case Number::Kind::kSigned:
      out.append(begin, std::to_chars(begin, end, number.i).ptr);
      return;
    case Number::Kind::kDouble:
      write_double(out, number.d);
      return;
  }
}

bool is_canonical_number(std::string_view token) {
  std::size_t point = std::string_view::npos;
  bool exponent = false;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '.') point = i;
    exponent = exponent || token[i] == 'e' || token[i] == 'E';
  }
  const bool fraction = point != std::string_view::npos;
  if (!fraction && !exponent) return is_canonical_integer(token);
  if (fraction && !exponent && token.size() <= kExactDigits) {
    const std::size_t sign = token.front() == '-' ? 1 : 0;
    return is_canonical_short_decimal(token.substr(sign, point - sign), token.substr(point + 1));
  }
  return is_canonical_double(token);
}

bool is_stable(const Number& number) {
  if (number.kind != Number::Kind::kDouble) return true;
  std::string text;
  write_double(text, number.d);
  Number again;
  return std::isfinite(number.d) && read_number(text, again) &&
         again.kind == Number::Kind::kDouble &&
         std::bit_cast<std::uint64_t>(again.d) == std::bit_cast<std::uint64_t>(number.d);
}

}  // namespace cortex::json
