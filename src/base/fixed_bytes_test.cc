#include "base/fixed_bytes.h"

#include <array>

#include <gtest/gtest.h>

#include "base/text.h"

namespace cortex {
namespace {

using Four = std::array<std::uint8_t, 4>;

TEST(FixedBytes, ExactlyAsManyAsTheArrayHolds) {
  EXPECT_EQ(fixed_bytes<Four>(from_hex("01020304")), (Four{1, 2, 3, 4}));
  EXPECT_EQ(fixed_bytes<Four>(from_base64("AQIDBA==")), (Four{1, 2, 3, 4}));
  for (const char* text : {"", "010203", "0102030405", "0102030", "0102030X"}) {
    EXPECT_FALSE(fixed_bytes<Four>(from_hex(text))) << text;
  }
}

TEST(FixedBytes, OfAnyRangeOfBytes) {
  const std::vector<std::uint8_t> bytes = {9, 1, 2, 3, 4};
  EXPECT_EQ(fixed_bytes<Four>(std::span(bytes).subspan(1)), (Four{1, 2, 3, 4}));
  EXPECT_FALSE(fixed_bytes<Four>(std::span(bytes)));
  EXPECT_EQ(fixed_bytes<Four>(std::string_view("\xFFxyz")), (Four{0xFF, 'x', 'y', 'z'}));
  EXPECT_FALSE(fixed_bytes<Four>(std::string_view("xyz")));
}

}  // namespace
}  // namespace cortex
