#include "base/time.h"

#include <string>

namespace cortex {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;

struct Civil {
  std::int64_t year = 0;
  std::uint32_t month = 0, day = 0, hour = 0, minute = 0, second = 0, nanos = 0;
};

// Days since 1970-01-01 to a date, counted in eras of 400 years that begin on 1 March.
Civil civil_of(Timestamp t) {
  std::int64_t days = t.seconds / kSecondsPerDay;
  std::int64_t rest = t.seconds % kSecondsPerDay;
  if (rest < 0) {
    rest += kSecondsPerDay;
    --days;
  }
  days += 719'468;  // 0000-03-01
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto day_of_era = static_cast<std::uint32_t>(days - era * 146'097);
  const std::uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint32_t shifted_month = (5 * day_of_year + 2) / 153;

  Civil c;
  c.day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  c.month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  c.year = era * 400 + year_of_era + (c.month <= 2 ? 1 : 0);
  const auto seconds = static_cast<std::uint32_t>(rest);
  c.hour = seconds / 3600;
  c.minute = seconds / 60 % 60;
  c.second = seconds % 60;
  c.nanos = t.nanos;
  if (c.nanos >= kNanosPerSecond) {
    c.nanos -= kNanosPerSecond;
    ++c.second;
  }
  return c;
}

// `value` in exactly `width` digits.
void put(std::string& out, std::uint32_t value, std::size_t width) {
  const std::size_t start = out.size();
  out.resize(start + width);
  for (std::size_t i = width; i-- > 0; value /= 10) {
    out[start + i] = static_cast<char>('0' + value % 10);
  }
}

void put_year(std::string& out, std::int64_t year) {
  if (year >= 0 && year <= 9999) return put(out, static_cast<std::uint32_t>(year), 4);
  out += year < 0 ? '-' : '+';
  const std::string digits = std::to_string(year < 0 ? -year : year);
  if (digits.size() < 4) out.append(4 - digits.size(), '0');
  out += digits;
}

std::string base_text(const Civil& c) {
  std::string out;
  out.reserve(36);
  put_year(out, c.year);
  out += '-';
  put(out, c.month, 2);
  out += '-';
  put(out, c.day, 2);
  out += 'T';
  put(out, c.hour, 2);
  out += ':';
  put(out, c.minute, 2);
  out += ':';
  put(out, c.second, 2);
  return out;
}

// Fraction of 0, 3, 6 or 9 digits, the shortest that loses nothing.
void put_fraction(std::string& out, std::uint32_t nanos) {
  if (nanos == 0) return;
  out += '.';
  if (nanos % 1'000'000 == 0) return put(out, nanos / 1'000'000, 3);
  if (nanos % 1'000 == 0) return put(out, nanos / 1'000, 6);
  put(out, nanos, 9);
}

}  // namespace

std::int64_t Timestamp::unix_millis() const { return seconds * 1000 + nanos / 1'000'000; }

std::string format_rfc3339(Timestamp t, Offset offset) {
  const Civil c = civil_of(t);
  std::string out = base_text(c);
  put_fraction(out, c.nanos);
  out += offset == Offset::kZ ? "Z" : "+00:00";
  return out;
}

std::string format_rfc3339_seconds(Timestamp t) { return base_text(civil_of(t)) + 'Z'; }

std::string format_rfc3339_micros(Timestamp t) {
  const Civil c = civil_of(t);
  std::string out = base_text(c) + '.';
  put(out, c.nanos / 1000, 6);
  return out + 'Z';
}

}  // namespace cortex
