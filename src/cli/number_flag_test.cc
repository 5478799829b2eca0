#include "cli/number_flag.h"

#include <gtest/gtest.h>

#include <limits>

namespace cortex::cli {
namespace {

TEST(NumberFlag, NumbersAreShownInFullAndAsShortAsTheyReadBack) {
  EXPECT_EQ(shortest(0.5), "0.5");
  EXPECT_EQ(shortest(1), "1");
  EXPECT_EQ(shortest(1e10), "10000000000");
  EXPECT_EQ(shortest(1e-7), "0.0000001");
  EXPECT_EQ(shortest(-0.0), "-0");
  EXPECT_EQ(shortest(std::numeric_limits<double>::max()).size(), 309U);
  EXPECT_EQ(shortest(std::numeric_limits<double>::denorm_min()).substr(0, 4), "0.00");
  EXPECT_EQ(shortest(std::numeric_limits<double>::infinity()), "inf");
}

}  // namespace
}  // namespace cortex::cli
