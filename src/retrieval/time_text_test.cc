#include "retrieval/time_text.h"

#include <gtest/gtest.h>

#include "base/time.h"

namespace cortex::retrieval {
namespace {

constexpr std::int64_t kDay = 86'400;

std::int64_t at(std::string_view date) {
  return parse_relaxed_rfc3339(std::string(date) + "T00:00:00Z").value().seconds;
}

// Wednesday
const std::int64_t kNow = at("2023-06-14") + 40'000;

TimeSpan one(std::string_view text) {
  const auto spans = find_times(text, kNow);
  EXPECT_EQ(spans.size(), 1U) << text;
  return spans.empty() ? TimeSpan{} : spans.front();
}

TEST(TimeText, DatesInTheirForms) {
  for (const char* text : {"on 8 May, 2023", "May 8, 2023", "the 8th of May 2023", "2023-05-08"}) {
    const TimeSpan span = one(text);
    EXPECT_EQ(span.from, at("2023-05-08")) << text;
    EXPECT_EQ(span.until, at("2023-05-09")) << text;
    EXPECT_FALSE(span.any_year);
  }
  EXPECT_EQ(one("in June 2023").until, at("2023-07-01"));
  EXPECT_EQ(one("in 2022").from, at("2022-01-01"));
  EXPECT_EQ(one("during December").until - one("during December").from, 31 * kDay);
}

TEST(TimeText, RelativeTimesCountFromNow) {
  EXPECT_EQ(one("yesterday").from, at("2023-06-13"));
  EXPECT_EQ(one("last week").from, at("2023-06-05"));
  EXPECT_EQ(one("this month").from, at("2023-06-01"));
  EXPECT_EQ(one("last year").from, at("2022-01-01"));
  EXPECT_EQ(one("last Friday").from, at("2023-06-09"));
  EXPECT_EQ(one("three days ago").from, at("2023-06-11"));
}

TEST(TimeText, WordsThatOnlyLookLikeTimesAreNone) {
  for (const char* text : {"I may go", "they march on", "12 apples", "chapter 3", "second to none",
                           "", "99999999", "0000-00-00"}) {
    EXPECT_TRUE(find_times(text, kNow).empty()) << text;
  }
}

TEST(TimeText, AMonthWithoutAYearIsAnyYears) {
  const TimeSpan span = one("8 May");
  EXPECT_TRUE(span.any_year);
  EXPECT_TRUE(span.contains(at("2019-05-08") + 5));
  EXPECT_FALSE(span.contains(at("2019-05-09")));
}

TEST(TimeText, FieldsSayAnInstant) {
  EXPECT_EQ(field_time("1:56 pm on 8 May, 2023"), at("2023-05-08") + 13 * 3600 + 56 * 60);
  EXPECT_EQ(field_time("12:05 am on 1 June, 2023"), at("2023-06-01") + 5 * 60);
  EXPECT_EQ(field_time("2023-05-08T01:02:03Z"), at("2023-05-08") + 3723);
  EXPECT_EQ(field_time("2023-05-08"), at("2023-05-08"));
  EXPECT_FALSE(field_time("hello").has_value());
  EXPECT_FALSE(field_time("yesterday").has_value());
  EXPECT_FALSE(field_time("").has_value());
}

}  // namespace
}  // namespace cortex::retrieval
