#include "base/time.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace cortex {
namespace {

std::string relaxed(std::string_view text) {
  const auto t = parse_relaxed_rfc3339(text);
  return t ? format_rfc3339(*t, Offset::kZ) : "rejected";
}

std::string strict(std::string_view text) {
  const auto t = parse_strict_rfc3339(text);
  return t ? format_rfc3339(*t, Offset::kZ) : "rejected";
}

struct Read {
  const char *text, *written;
};

// Both dialects accept these with the same value.
constexpr Read kBoth[] = {
    {"2026-05-04T12:00:00Z", "2026-05-04T12:00:00Z"},
    {"2026-05-04t12:00:00z", "2026-05-04T12:00:00Z"},
    {"2026-05-04 12:00:00Z", "2026-05-04T12:00:00Z"},
    {"2026-05-04T12:00:00.5Z", "2026-05-04T12:00:00.500Z"},
    {"2026-05-04T12:00:00.120Z", "2026-05-04T12:00:00.120Z"},
    {"2026-05-04T12:00:00.1234Z", "2026-05-04T12:00:00.123400Z"},
    {"2026-05-04T12:00:00.1234567Z", "2026-05-04T12:00:00.123456700Z"},
    {"2026-05-04T12:00:00.1234567899Z", "2026-05-04T12:00:00.123456789Z"},
    {"2026-05-04T12:00:00.000Z", "2026-05-04T12:00:00Z"},
    {"2026-05-04T12:00:00+02:30", "2026-05-04T09:30:00Z"},
    {"2026-05-04T12:00:00-00:00", "2026-05-04T12:00:00Z"},
    {"2026-05-04T12:00:00\xE2\x88\x92"
     "05:00",
     "2026-05-04T17:00:00Z"},
    {"2026-05-04T12:00:00+23:59", "2026-05-03T12:01:00Z"},
    {"2026-01-01T00:00:00+00:01", "2025-12-31T23:59:00Z"},
    {"2026-05-04T12:34:60Z", "2026-05-04T12:34:60Z"},
    {"2026-05-04T12:34:60.25+01:00", "2026-05-04T11:34:60.250Z"},
    {"2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"},
    {"2000-02-29T00:00:00Z", "2000-02-29T00:00:00Z"},
    {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"},
    {"0000-01-01T00:00:00+01:00", "-0001-12-31T23:00:00Z"},
    {"9999-12-31T23:59:59-01:00", "+10000-01-01T00:59:59Z"},
    {"1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.999999999Z"},
};

// Only the relaxed reader accepts these.
constexpr Read kRelaxedOnly[] = {
    {"2026-05-04   12:00:00Z", "2026-05-04T12:00:00Z"},
    {"  2026-05-04T12:00:00Z\n", "2026-05-04T12:00:00Z"},
    {"2026 - 05 - 04T12 : 00 : 00Z", "2026-05-04T12:00:00Z"},
    {"2026-05-04T12:00:00UTC", "2026-05-04T12:00:00Z"},
    {"2026-05-04T12:00:00 uTc", "2026-05-04T12:00:00Z"},
    {"2026-05-04T12:00:00 Z", "2026-05-04T12:00:00Z"},
    {"2026-05-04T12:00:00+0230", "2026-05-04T09:30:00Z"},
    {"2026-05-04T12:00:00+02 30", "2026-05-04T09:30:00Z"},
    {"2026-05-04T12:00:00  -05:00 ", "2026-05-04T17:00:00Z"},
    {"2026-5-4T1:2:3Z", "2026-05-04T01:02:03Z"},
    {"5-5-4T1:2:3Z", "0005-05-04T01:02:03Z"},
    {"026-05-04T12:00:00.5 +00:00", "0026-05-04T12:00:00.500Z"},
    {"+12026-05-04T12:00:00Z", "+12026-05-04T12:00:00Z"},
    {"-0001-05-04T12:00:00Z", "-0001-05-04T12:00:00Z"},
    {"+2026-05-04T12:00:00Z", "2026-05-04T12:00:00Z"},
    {"+262142-12-31T23:59:59.999999999Z", "+262142-12-31T23:59:59.999999999Z"},
    {"-262143-01-01T00:00:00Z", "-262143-01-01T00:00:00Z"},
};

constexpr const char* kRejected[] = {
    "",
    " ",
    "now",
    "2026-05-04",
    "2026-05-04T12:00:00",
    "2026-05-04T12:00Z",
    "2026-05-04T12:00:00GMT",
    "2026-05-04T12:00:00-05",
    "2026-05-04T12:00:00+1:00",
    "2026-05-04T12:00:00+01:00:00",
    "2026-05-04T12:00:00+24:00",
    "2026-05-04T12:00:00+02:60",
    "2026-05-04T12:00:00+2",
    "2026-05-04T12:00:00+",
    "2026-05-04T12:00:00,5Z",
    "2026-05-04T12:00:00.Z",
    "2026-05-04T24:00:00Z",
    "2026-05-04T12:60:00Z",
    "2026-05-04T12:00:61Z",
    "2026-02-30T12:00:00Z",
    "2025-02-29T12:00:00Z",
    "1900-02-29T12:00:00Z",
    "2026-04-31T12:00:00Z",
    "2026-13-04T12:00:00Z",
    "2026-00-04T12:00:00Z",
    "2026-05-00T12:00:00Z",
    "12026-05-04T12:00:00Z",
    "2026-05-04X12:00:00Z",
    "2026-05-04T12:00:00ZZ",
    "2026-05-04T12:00:00Z x",
    "2026/05/04T12:00:00Z",
    "2026-05-04T12:00:00UT",
    "--001-05-04T12:00:00Z",
    "+262143-01-01T00:00:00Z",
    "-262144-01-01T00:00:00Z",
    "+99999999999999999999-01-01T00:00:00Z",
    "+262142-12-31T23:59:59-00:01",
    "2026-05-004T12:00:00Z",
    "2026-05-04T012:00:00Z",
};

TEST(Rfc3339, BothReadersAcceptTheStrictForm) {
  for (const Read& r : kBoth) {
    EXPECT_EQ(strict(r.text), r.written) << r.text;
    EXPECT_EQ(relaxed(r.text), r.written) << r.text;
  }
}

TEST(Rfc3339, OnlyTheRelaxedReaderAcceptsBlanksShortFieldsAndLooseOffsets) {
  for (const Read& r : kRelaxedOnly) {
    EXPECT_EQ(relaxed(r.text), r.written) << r.text;
    EXPECT_EQ(strict(r.text), "rejected") << r.text;
  }
}

TEST(Rfc3339, BothReadersRejectWhatIsNoTime) {
  for (const char* text : kRejected) {
    EXPECT_EQ(relaxed(text), "rejected") << text;
    EXPECT_EQ(strict(text), "rejected") << text;
  }
}

TEST(Rfc3339, EveryPrefixOfATimeIsRejected) {
  const std::string whole = "2026-05-04T12:00:00.123+02:30";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(relaxed(whole.substr(0, size)), "rejected") << size;
    EXPECT_EQ(strict(whole.substr(0, size)), "rejected") << size;
  }
}

TEST(Rfc3339, KnownInstants) {
  EXPECT_EQ(parse_strict_rfc3339("1970-01-01T00:00:00Z"), (Timestamp{0, 0}));
  EXPECT_EQ(parse_strict_rfc3339("2026-05-04T12:00:00.25Z"), (Timestamp{1777896000, 250'000'000}));
  EXPECT_EQ(parse_strict_rfc3339("2016-12-31T23:59:60Z"), (Timestamp{1483228799, 1'000'000'000}));
}

// Four centuries of days, forwards and back, through the relaxed and the strict reader.
TEST(Rfc3339, EveryDayOfFourCenturiesRoundTrips) {
  for (std::int64_t day = -100'000; day < 60'000; ++day) {
    const Timestamp t{day * 86'400 + 86'399, 1};
    const std::string text = format_rfc3339(t, Offset::kPlus00);
    ASSERT_EQ(parse_strict_rfc3339(text), t) << text;
  }
}

TEST(Format, EachWrittenForm) {
  const Timestamp t{1777896000, 123'456'789};
  EXPECT_EQ(format_rfc3339(t, Offset::kZ), "2026-05-04T12:00:00.123456789Z");
  EXPECT_EQ(format_rfc3339(t, Offset::kPlus00), "2026-05-04T12:00:00.123456789+00:00");
  EXPECT_EQ(format_rfc3339_seconds(t), "2026-05-04T12:00:00Z");
  EXPECT_EQ(format_rfc3339_micros(t), "2026-05-04T12:00:00.123456Z");
  EXPECT_EQ(format_rfc3339_micros({1777896000, 0}), "2026-05-04T12:00:00.000000Z");
  EXPECT_EQ(format_rfc3339_seconds({1483228799, 1'500'000'000}), "2016-12-31T23:59:60Z");
}

TEST(Timestamp, MillisecondsRoundTowardsThePast) {
  EXPECT_EQ((Timestamp{1, 999'999'999}).unix_millis(), 1999);
  EXPECT_EQ((Timestamp{-1, 999'000'000}).unix_millis(), -1);
}

TEST(System, ClockIsAfterThisWasWrittenAndRandomBytesDiffer) {
  EXPECT_GT(system_clock().now().seconds, 1'700'000'000);
  std::array<std::uint8_t, 32> a{}, b{};
  system_random().fill(a);
  system_random().fill(b);
  EXPECT_NE(a, b);
}

}  // namespace
}  // namespace cortex
