#include "ledger/checked_line.h"

#include <gtest/gtest.h>

namespace cortex::ledger {
namespace {

TEST(CheckedLine, WhatIsWritten_ReadsBack) {
  const std::string line = checked_line({{"a", 1}, {"b", "x"}});
  const auto read = parse_checked_line(line);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read->find("b")->as_string(), "x");
  EXPECT_EQ(line.find("{\"a\":1,\"b\":\"x\",\"check\":\""), 0U);
}

TEST(CheckedLine, EveryBitFlipAndTruncation_IsNone) {
  const std::string line = checked_line({{"a", 1}, {"b", "x"}});
  for (std::size_t i = 0; i < line.size() * 8; ++i) {
    std::string changed = line;
    changed[i / 8] = static_cast<char>(changed[i / 8] ^ (1 << (i % 8)));
    EXPECT_FALSE(parse_checked_line(changed)) << changed;
  }
  for (std::size_t size = 0; size < line.size(); ++size) {
    EXPECT_FALSE(parse_checked_line(std::string_view(line).substr(0, size)));
  }
}

}  // namespace
}  // namespace cortex::ledger
