#include "retrieval/time_text.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/text.h"
#include "base/time.h"

namespace cortex::retrieval {
namespace {

constexpr std::int64_t kDay = 86'400;

// Days since 1970-01-01 of a date in the proleptic Gregorian calendar (Hinnant, "chrono-compatible
// low-level date algorithms"), and back.
std::int64_t days_from_civil(std::int64_t y, unsigned m, unsigned d) {
  y -= m <= 2 ? 1 : 0;
  const std::int64_t era = (y >= 0 ? y : y - 399) / 400;
  const auto yoe = static_cast<unsigned>(y - era * 400);
  const unsigned doy = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
  const unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
  return era * 146'097 + static_cast<std::int64_t>(doe) - 719'468;
}

struct Civil {
  std::int64_t year;
  unsigned month, day;
};

Civil civil_from_days(std::int64_t z) {
  z += 719'468;
  const std::int64_t era = (z >= 0 ? z : z - 146'096) / 146'097;
  const auto doe = static_cast<unsigned>(z - era * 146'097);
  const unsigned yoe = (doe - doe / 1460 + doe / 36'524 - doe / 146'096) / 365;
  const unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
  const unsigned mp = (5 * doy + 2) / 153;
  const unsigned month = mp < 10 ? mp + 3 : mp - 9;
  return {static_cast<std::int64_t>(yoe) + era * 400 + (month <= 2 ? 1 : 0), month,
          doy - (153 * mp + 2) / 5 + 1};
}

std::int64_t floor_day(std::int64_t seconds) { return seconds - (seconds % kDay + kDay) % kDay; }

constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                   "may",       "june",     "july",     "august",
                                                   "september", "october",  "november", "december"};
constexpr std::array<std::string_view, 7> kWeekdays{"thursday", "friday",  "saturday", "sunday",
                                                    "monday",   "tuesday", "wednesday"};
struct NumberWord {
  std::string_view word;
  int value;
};
constexpr std::array<NumberWord, 13> kNumbers{{{"a", 1},
                                               {"an", 1},
                                               {"one", 1},
                                               {"two", 2},
                                               {"three", 3},
                                               {"four", 4},
                                               {"five", 5},
                                               {"six", 6},
                                               {"seven", 7},
                                               {"eight", 8},
                                               {"nine", 9},
                                               {"ten", 10},
                                               {"couple", 2}}};

struct Piece {
  std::string text;  // lower case
  std::uint32_t begin, end;
  bool number;
};

// Words and numbers of the text; "8th" is the number 8.
std::vector<Piece> pieces_of(std::string_view text) {
  std::vector<Piece> pieces;
  const auto is_alpha = [](char c) { return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const bool number = is_digit(text[at]);
    while (at < text.size() && (number ? is_digit(text[at]) : is_alpha(text[at]))) ++at;
    if (at == begin) {
      ++at;
      continue;
    }
    pieces.push_back({to_lower_ascii(text.substr(begin, at - begin)),
                      static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(at), number});
    if (number && at + 2 <= text.size()) {
      const std::string suffix = to_lower_ascii(text.substr(at, 2));
      const bool ends = at + 2 == text.size() || !is_alpha(text[at + 2]);
      if (ends && (suffix == "st" || suffix == "nd" || suffix == "rd" || suffix == "th")) at += 2;
    }
  }
  return pieces;
}

class TimeFinder {
 public:
  TimeFinder(std::string_view text, std::int64_t now)
      : text_(text), now_(now), pieces_(pieces_of(text)) {}

  std::vector<TimeSpan> run() {
    for (std::size_t i = 0; i < pieces_.size();) {
      const std::size_t used = iso_at(i);
      if (used > 0) {
        i += used;
        continue;
      }
      const std::size_t other = pieces_[i].number ? day_first_at(i) : word_at(i);
      i += std::max<std::size_t>(other, 1);
    }
    return std::move(spans_);
  }

 private:
  bool has(std::size_t i) const { return i < pieces_.size(); }
  int number(std::size_t i) const {
    if (!has(i) || !pieces_[i].number || pieces_[i].text.size() > 4) return -1;
    int value = 0;
    for (const char c : pieces_[i].text) value = value * 10 + (c - '0');
    return value;
  }
  unsigned month(std::size_t i) const {
    if (!has(i) || pieces_[i].number || pieces_[i].text.size() < 3) return 0;
    for (std::size_t m = 0; m < kMonths.size(); ++m) {
      const std::string& word = pieces_[i].text;
      if (word == kMonths.at(m) || (word.size() == 3 && kMonths.at(m).starts_with(word)) ||
          word == "sept") {
        if (word == "sept" && m != 8) continue;
        return static_cast<unsigned>(m) + 1;
      }
    }
    return 0;
  }
  int year(std::size_t i) const {
    if (!has(i) || pieces_[i].text.size() != 4) return 0;
    const int value = number(i);
    return value >= 1900 && value < 2200 ? value : 0;
  }
  // Pieces that stand together, with at most `gap` bytes between.
  bool near(std::size_t i, std::size_t gap = 2) const {
    return has(i) && pieces_[i].begin - pieces_[i - 1].end <= gap;
  }

  void add(std::size_t first, std::size_t last, std::int64_t from, std::int64_t until,
           bool any_year = false) {
    spans_.push_back({from, until, any_year, pieces_[first].begin, pieces_[last].end});
  }
  void add_date(std::size_t first, std::size_t last, int y, unsigned m, int d) {
    const bool any = y == 0;
    const std::int64_t base_year = any ? civil_from_days(now_ / kDay).year : y;
    if (d > 0) {
      const std::int64_t from = days_from_civil(base_year, m, static_cast<unsigned>(d)) * kDay;
      add(first, last, from, from + kDay, any);
      return;
    }
    const std::int64_t next_year = m == 12 ? base_year + 1 : base_year;
    add(first, last, days_from_civil(base_year, m, 1) * kDay,
        days_from_civil(next_year, m == 12 ? 1 : m + 1, 1) * kDay, any);
  }

  // 2023-05-08
  std::size_t iso_at(std::size_t i) {
    if (year(i) == 0 || !has(i + 2)) return 0;
    const bool joined = text_.substr(pieces_[i].end, 1) == "-" &&
                        text_.substr(pieces_[i + 1].end, 1) == "-" && near(i + 1, 1) &&
                        near(i + 2, 1);
    const int m = number(i + 1), d = number(i + 2);
    if (!joined || m < 1 || m > 12 || d < 1 || d > 31) return 0;
    add_date(i, i + 2, year(i), static_cast<unsigned>(m), d);
    return 3;
  }

  // "8 May, 2023", "8 May", "2023", "3 days ago"
  std::size_t day_first_at(std::size_t i) {
    const int d = number(i);
    std::size_t at = i + 1;
    if (has(at) && pieces_[at].text == "of") ++at;
    if (d >= 1 && d <= 31 && month(at) != 0 && near(at)) {
      const int y = near(at + 1) ? year(at + 1) : 0;
      add_date(i, y != 0 ? at + 1 : at, y, month(at), d);
      return at + (y != 0 ? 2 : 1) - i;
    }
    if (year(i) != 0) {
      add(i, i, days_from_civil(year(i), 1, 1) * kDay, days_from_civil(year(i) + 1, 1, 1) * kDay);
      return 1;
    }
    return d > 0 ? ago_at(i, d) : 0;
  }

  // "<count> days ago"
  std::size_t ago_at(std::size_t i, int count) {
    if (!has(i + 2)) return 0;
    std::size_t at = i + 1;
    if (pieces_[at].text == "of") ++at;
    if (!has(at + 1) || pieces_[at + 1].text != "ago") return 0;
    const std::string_view unit = pieces_[at].text;
    const std::int64_t today = floor_day(now_);
    const std::int64_t n = count;
    if (unit.starts_with("day")) {
      add(i, at + 1, today - n * kDay, today - n * kDay + kDay);
    } else if (unit.starts_with("week")) {
      add(i, at + 1, today - (n * 7 + 3) * kDay, today - (n * 7 - 4) * kDay);
    } else if (unit.starts_with("month")) {
      add(i, at + 1, today - (n * 30 + 15) * kDay, today - (n * 30 - 15) * kDay);
    } else if (unit.starts_with("year")) {
      add(i, at + 1, today - (n * 365 + 183) * kDay, today - (n * 365 - 183) * kDay);
    } else {
      return 0;
    }
    return at + 2 - i;
  }

  // "May 8, 2023", "May 2023", "May" (with "in" before it), "yesterday", "last week"
  std::size_t word_at(std::size_t i) {
    const std::string& word = pieces_[i].text;
    if (const unsigned m = month(i); m != 0) return month_first_at(i, m);
    const std::int64_t today = floor_day(now_);
    if (word == "today") return add(i, i, today, today + kDay), 1;
    if (word == "yesterday") return add(i, i, today - kDay, today), 1;
    if ((word == "last" || word == "this" || word == "past") && near(i + 1)) return period_at(i);
    for (const NumberWord& n : kNumbers) {
      if (n.word == word) return ago_at(i, n.value);
    }
    return 0;
  }

  std::size_t month_first_at(std::size_t i, unsigned m) {
    const int d = number(i + 1);
    if (near(i + 1) && year(i + 1) != 0) return add_date(i, i + 1, year(i + 1), m, 0), 2;
    if (near(i + 1) && d >= 1 && d <= 31) {
      const int y = near(i + 2) ? year(i + 2) : 0;
      return add_date(i, y != 0 ? i + 2 : i + 1, y, m, d), y != 0 ? 3 : 2;
    }
    // "may" and "march" are words too.
    const bool said = i > 0 && (pieces_[i - 1].text == "in" || pieces_[i - 1].text == "since" ||
                                pieces_[i - 1].text == "during" || pieces_[i - 1].text == "last");
    const bool ambiguous = m == 5 || m == 3;
    if (said || (!ambiguous && pieces_[i].text.size() > 3)) return add_date(i, i, 0, m, 0), 1;
    return 0;
  }

  std::size_t period_at(std::size_t i) {
    const bool last = pieces_[i].text != "this";
    const std::string& unit = pieces_[i + 1].text;
    const std::int64_t today = floor_day(now_);
    const Civil date = civil_from_days(today / kDay);
    // 1970-01-01 was a Thursday; weeks begin on Monday.
    const std::int64_t monday = today - ((today / kDay + 3) % 7 + 7) % 7 * kDay;
    if (unit == "week") {
      const std::int64_t from = last ? monday - 7 * kDay : monday;
      return add(i, i + 1, from, from + 7 * kDay), 2;
    }
    if (unit == "month") {
      const unsigned m = last ? (date.month == 1 ? 12 : date.month - 1) : date.month;
      const auto y = static_cast<int>(last && date.month == 1 ? date.year - 1 : date.year);
      return add_date(i, i + 1, y, m, 0), 2;
    }
    if (unit == "year") {
      const std::int64_t y = last ? date.year - 1 : date.year;
      return add(i, i + 1, days_from_civil(y, 1, 1) * kDay, days_from_civil(y + 1, 1, 1) * kDay), 2;
    }
    for (std::size_t day = 0; day < kWeekdays.size(); ++day) {
      if (unit != kWeekdays.at(day)) continue;
      const auto wanted = static_cast<std::int64_t>(day);
      const std::int64_t back = ((today / kDay - wanted) % 7 + 7) % 7;
      const std::int64_t from = today - (back == 0 && last ? 7 : back) * kDay;
      return add(i, i + 1, from, from + kDay), 2;
    }
    return 0;
  }

  std::string_view text_;
  std::int64_t now_;
  std::vector<Piece> pieces_;
  std::vector<TimeSpan> spans_;
};

// "1:56 pm" anywhere in the field: seconds of the day.
std::int64_t clock_time(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 2 >= text.size()) return 0;
  const auto digit = [&](std::size_t i) {
    return i < text.size() && is_digit(text[i]) ? text[i] - '0' : -1;
  };
  int hour = digit(colon - 1);
  if (hour < 0 || digit(colon + 1) < 0 || digit(colon + 2) < 0) return 0;
  if (colon >= 2 && digit(colon - 2) >= 0) hour += 10 * digit(colon - 2);
  const std::string rest = to_lower_ascii(text.substr(colon + 3, 3));
  if (rest.find("pm") != std::string::npos && hour < 12) hour += 12;
  if (rest.find("am") != std::string::npos && hour == 12) hour = 0;
  if (hour > 23) return 0;
  return hour * 3600 + (digit(colon + 1) * 10 + digit(colon + 2)) * 60;
}

}  // namespace

bool TimeSpan::contains(std::int64_t seconds) const {
  if (!any_year) return seconds >= from && seconds < until;
  const Civil a = civil_from_days(floor_day(from) / kDay);
  const Civil date = civil_from_days(floor_day(seconds) / kDay);
  const std::int64_t start = days_from_civil(date.year, a.month, a.day) * kDay;
  return seconds >= start && seconds < start + (until - from);
}

std::vector<TimeSpan> find_times(std::string_view text, std::int64_t now) {
  return TimeFinder(text, now).run();
}

std::optional<std::int64_t> field_time(std::string_view text) {
  constexpr std::size_t kFieldBytesMax = 64;
  text = trim(text);
  if (text.empty() || text.size() > kFieldBytesMax) return std::nullopt;
  if (const auto exact = parse_relaxed_rfc3339(text)) return exact->seconds;
  const std::vector<TimeSpan> spans = find_times(text, 0);
  if (spans.size() != 1 || spans.front().any_year || spans.front().until <= 86'400 * 365) {
    return std::nullopt;
  }
  return spans.front().from + clock_time(text);
}

}  // namespace cortex::retrieval
