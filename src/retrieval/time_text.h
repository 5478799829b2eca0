// Dates and times as people write them, in questions ("last week", "in May 2023", "2023-05-08") and
// in the fields of events ("1:56 pm on 8 May, 2023"). English names of months and days, ISO forms
// everywhere. All times are UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cortex::retrieval {

// A stretch of time: from <= t < until, in Unix seconds. With `any_year` only the place in the year
// counts, and the two bounds are those of one such year.
struct TimeSpan {
  std::int64_t from = 0;
  std::int64_t until = 0;
  bool any_year = false;
  std::uint32_t begin = 0, end = 0;  // bytes of the text that said it

  bool contains(std::int64_t seconds) const;
};

// Every expression of time in the text, in order. "yesterday" and its like are resolved against
// `now` (Unix seconds). O(bytes).
std::vector<TimeSpan> find_times(std::string_view text, std::int64_t now);

// The instant that a whole field says, if it is one ("1:56 pm on 8 May, 2023", RFC 3339, a date).
std::optional<std::int64_t> field_time(std::string_view text);

}  // namespace cortex::retrieval
