#include "core/sensitivity.h"

#include <gtest/gtest.h>

#include <vector>

namespace cortex::core {
namespace {

using enum Sensitivity;

TEST(Sensitivity, TheHighestTagCounts) {
  using Tags = std::vector<std::string>;
  EXPECT_EQ(sensitivity_of_tags(Tags{}), kLow);
  EXPECT_EQ(sensitivity_of_tags(Tags{"x", "sensitivity:medium", "sensitivity:low"}), kMedium);
  EXPECT_EQ(sensitivity_of_tags(Tags{" Sensitivity: HIGH "}), kHigh);
  EXPECT_EQ(sensitivity_of_tags(Tags{"sensitivity:top", "my-sensitivity:high"}), kLow);
}

TEST(Sensitivity, MarksInTextCountInAnyCase) {
  EXPECT_EQ(sensitivity_of_text("a [SENS:High] b"), kHigh);
  EXPECT_EQ(sensitivity_of_text("a [sensitivity:medium]"), kMedium);
  EXPECT_EQ(sensitivity_of_text("sens:high"), kLow);
}

}  // namespace
}  // namespace cortex::core
