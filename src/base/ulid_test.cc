#include "base/ulid.h"

#include <gtest/gtest.h>

#include <string>
#include <unordered_set>

namespace cortex {
namespace {

class FixedClock final : public Clock {
 public:
  Timestamp now() override { return {1777896000, 123'999'999}; }
};

class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& b : out) b = ++last_;
  }

 private:
  std::uint8_t last_ = 0;
};

TEST(Ulid, TextAndValueAgree) {
  const auto u = Ulid::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  ASSERT_TRUE(u);
  EXPECT_EQ(u->high, 0x01563E3AB5D3D676ULL);
  EXPECT_EQ(u->low, 0x4C61EFB99302BD5BULL);
  EXPECT_EQ(u->text(), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
  EXPECT_EQ(u->created_at(), (Timestamp{1469922850, 259'000'000}));
}

TEST(Ulid, LowerCaseIsTheSameIdAndIsWrittenInUpperCase) {
  const auto lower = Ulid::parse("01arz3ndektsv4rrffq69g5fav");
  ASSERT_TRUE(lower);
  EXPECT_EQ(lower, Ulid::parse("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
  EXPECT_EQ(lower->text(), "01ARZ3NDEKTSV4RRFFQ69G5FAV");
}

TEST(Ulid, BitsAbove128AreDropped) {
  const auto u = Ulid::parse(std::string(26, 'Z'));
  ASSERT_TRUE(u);
  EXPECT_EQ(u->text(), "7" + std::string(25, 'Z'));
}

TEST(Ulid, OtherLettersLengthsAndSignsAreRejected) {
  const std::string good = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  for (const char bad : std::string("ILOUilou-_ @[`{\xC3")) {
    std::string text = good;
    text[7] = bad;
    EXPECT_EQ(Ulid::parse(text), std::nullopt) << text;
  }
  EXPECT_EQ(Ulid::parse(good.substr(1)), std::nullopt);
  EXPECT_EQ(Ulid::parse(good + "0"), std::nullopt);
  EXPECT_EQ(Ulid::parse(""), std::nullopt);
}

TEST(Ulid, IsMadeOfTheMillisecondsAndTenRandomBytes) {
  FixedClock clock;
  CountingRandom random;
  const Ulid u = Ulid::make(clock, random);
  EXPECT_EQ(u.high, (1777896000123ULL << 16U) | 0x0102U);
  EXPECT_EQ(u.low, 0x030405060708090AULL);
  EXPECT_EQ(u.created_at(), (Timestamp{1777896000, 123'000'000}));
}

TEST(Ulid, RandomIdsRoundTripAndSortLikeTheirText) {
  Ulid previous{};
  std::unordered_set<Ulid, UlidHash> seen;
  for (int i = 0; i < 1000; ++i) {
    const Ulid u = Ulid::make(system_clock(), system_random());
    EXPECT_EQ(Ulid::parse(u.text()), u);
    EXPECT_EQ(u < previous, u.text() < previous.text());
    EXPECT_TRUE(seen.insert(u).second);
    previous = u;
  }
}

}  // namespace
}  // namespace cortex
