// The two readers of RFC 3339. Strict text has every field at a fixed place and is read without
// looking for anything; it is a subset of the relaxed form, so the relaxed reader tries it first.
#include <array>

#include "base/text.h"
#include "base/time.h"

namespace cortex {
namespace {

constexpr std::int64_t kYearMin = -262'143, kYearMax = 262'142;
constexpr std::string_view kMinusSign = "\xE2\x88\x92";  // U+2212

struct Fields {
  std::int64_t year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  std::uint32_t nanos = 0;
  int offset_seconds = 0;  // east of Greenwich
};

constexpr unsigned digit(char c) { return static_cast<unsigned>(c - '0'); }

constexpr std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;  // years begin on 1 March
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t shifted_month = month > 2 ? month - 3 : month + 9;
  const std::int64_t day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719'468;
}

constexpr std::int64_t kSecondsMin = days_from_civil(kYearMin, 1, 1) * 86'400;
constexpr std::int64_t kSecondsMax = days_from_civil(kYearMax + 1, 1, 1) * 86'400 - 1;

constexpr unsigned days_in_month(std::int64_t year, unsigned month) {
  constexpr std::array<unsigned, 13> kDays = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month];
}

std::optional<Timestamp> to_timestamp(const Fields& f) {
  if (f.year < kYearMin || f.year > kYearMax) return std::nullopt;
  if (f.month < 1 || f.month > 12) return std::nullopt;
  if (f.day < 1 || f.day > days_in_month(f.year, f.month)) return std::nullopt;
  if (f.hour > 23 || f.minute > 59 || f.second > 60) return std::nullopt;
  const bool leap = f.second == 60;
  Timestamp t;
  const std::int64_t second_of_day =
      std::int64_t{f.hour} * 3600 + std::int64_t{f.minute} * 60 + (leap ? 59 : f.second);
  t.seconds = days_from_civil(f.year, f.month, f.day) * 86'400 + second_of_day - f.offset_seconds;
  t.nanos = f.nanos + (leap ? kNanosPerSecond : 0);
  if (t.seconds < kSecondsMin || t.seconds > kSecondsMax) return std::nullopt;
  return t;
}

// A position in the text; each step either consumes what it names and says true, or says false.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() const { return rest_.empty(); }
  bool take(char c) { return take_one_of(std::string_view(&c, 1)); }
  bool take_one_of(std::string_view set) {
    if (rest_.empty() || set.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_text(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  void skip_blanks() {
    while (take_one_of(" \t\r\n\v\f")) {
    }
  }
  // At least `min` and at most `max` digits; values that do not fit any field are cut off.
  template <class T>
  bool number(std::size_t min, std::size_t max, T& out) {
    constexpr T kCeiling = 1'000'000;
    std::size_t count = 0;
    out = 0;
    while (count < max && count < rest_.size() && is_digit(rest_[count])) {
      if (out < kCeiling) out = out * 10 + static_cast<T>(rest_[count] - '0');
      ++count;
    }
    rest_.remove_prefix(count);
    return count >= min;
  }
  // Digits after the point: nine are kept, the others are dropped.
  bool fraction(std::uint32_t& nanos) {
    std::size_t count = 0;
    nanos = 0;
    while (count < rest_.size() && is_digit(rest_[count])) {
      if (count < 9) nanos = nanos * 10 + digit(rest_[count]);
      ++count;
    }
    rest_.remove_prefix(count);
    for (std::size_t i = count; i < 9; ++i) nanos *= 10;
    return count > 0;
  }
  // "UTC" in any case.
  bool take_utc() {
    constexpr std::string_view kUpper = "UTC", kLower = "utc";
    if (rest_.size() < kUpper.size()) return false;
    for (std::size_t i = 0; i < kUpper.size(); ++i) {
      if (rest_[i] != kUpper[i] && rest_[i] != kLower[i]) return false;
    }
    rest_.remove_prefix(kUpper.size());
    return true;
  }
  // -1, +1, or 0 when there is no sign.
  int take_sign() {
    if (take('+')) return 1;
    return take('-') || take_text(kMinusSign) ? -1 : 0;
  }

 private:
  std::string_view rest_;
};

// The offset after its sign: hh, an optional colon (or blanks, when `blanks`), mm.
bool scan_offset(Scanner& s, int sign, bool relaxed, int& offset_seconds) {
  int hours = 0, minutes = 0;
  if (!s.number(2, 2, hours)) return false;
  if (relaxed) s.skip_blanks();
  const bool colon = s.take(':');
  if (!relaxed && !colon) return false;
  if (relaxed) s.skip_blanks();
  if (!s.number(2, 2, minutes) || hours > 23 || minutes > 59) return false;
  offset_seconds = sign * (hours * 3600 + minutes * 60);
  return true;
}

// Fraction and offset, then the end of the text.
bool scan_tail(Scanner& s, bool relaxed, Fields& f) {
  if (s.take('.') && !s.fraction(f.nanos)) return false;
  if (relaxed) s.skip_blanks();
  if (!s.take_one_of("Zz") && !(relaxed && s.take_utc())) {
    const int sign = s.take_sign();
    if (sign == 0 || !scan_offset(s, sign, relaxed, f.offset_seconds)) return false;
  }
  if (relaxed) s.skip_blanks();
  return s.at_end();
}

// Blanks may stand before a number and before the mark that follows it.
template <class T>
bool scan_field(Scanner& s, T& out) {
  s.skip_blanks();
  return s.number(1, 2, out);
}

bool scan_mark(Scanner& s, char mark) {
  s.skip_blanks();
  return s.take(mark);
}

bool scan_year(Scanner& s, std::int64_t& year) {
  s.skip_blanks();
  const bool negative = s.take('-');
  const bool is_signed = negative || s.take('+');
  if (!s.number(1, is_signed ? std::string_view::npos : 4, year)) return false;
  if (negative) year = -year;
  return true;
}

bool scan_relaxed(Scanner& s, Fields& f) {
  if (!scan_year(s, f.year) || !scan_mark(s, '-')) return false;
  if (!scan_field(s, f.month) || !scan_mark(s, '-')) return false;
  if (!scan_field(s, f.day) || !s.take_one_of("Tt \t\r\n\v\f")) return false;
  if (!scan_field(s, f.hour) || !scan_mark(s, ':')) return false;
  if (!scan_field(s, f.minute) || !scan_mark(s, ':')) return false;
  return scan_field(s, f.second) && scan_tail(s, true, f);
}

// "YYYY-MM-DDTHH:MM:SS" by position: one pattern, no search. '9' stands for a digit, '/' for one of
// T, t and blank.
bool read_fixed(std::string_view text, Fields& f) {
  constexpr std::string_view kPattern = "9999-99-99/99:99:99";
  if (text.size() < kPattern.size()) return false;
  for (std::size_t i = 0; i < kPattern.size(); ++i) {
    const char c = text[i];
    if (kPattern[i] == '9') {
      if (!is_digit(c)) return false;
    } else if (kPattern[i] == '/') {
      if (c != 'T' && c != 't' && c != ' ') return false;
    } else if (c != kPattern[i]) {
      return false;
    }
  }
  const auto two = [text](std::size_t at) { return digit(text[at]) * 10 + digit(text[at + 1]); };
  f.year = two(0) * 100 + two(2);
  f.month = two(5);
  f.day = two(8);
  f.hour = two(11);
  f.minute = two(14);
  f.second = two(17);
  return true;
}

constexpr std::size_t kFixedSize = 19;

}  // namespace

std::optional<Timestamp> parse_strict_rfc3339(std::string_view text) {
  Fields f;
  if (!read_fixed(text, f)) return std::nullopt;
  Scanner tail(text.substr(kFixedSize));
  if (!scan_tail(tail, false, f)) return std::nullopt;
  return to_timestamp(f);
}

std::optional<Timestamp> parse_relaxed_rfc3339(std::string_view text) {
  if (const auto strict = parse_strict_rfc3339(text)) return strict;
  Fields f;
  Scanner s(text);
  if (!scan_relaxed(s, f)) return std::nullopt;
  return to_timestamp(f);
}

}  // namespace cortex
