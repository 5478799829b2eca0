#include "app/time_flag.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cortex::app {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(TimeFlag, ADateIsItsMidnightWhereOneMayBeGiven) {
  const auto midnight = time_flag("since", "2026-01-31");
  ASSERT_TRUE(midnight.ok());
  EXPECT_EQ(*midnight, *time_flag("since", "2026-01-31T01:00:00+01:00"));
  const auto refused = time_flag("scheduled-for", "2026-01-31", {.may_be_date = false});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kUsage);
  EXPECT_THAT(refused.error().message, HasSubstr("--scheduled-for \"2026-01-31\" is no time"));
  EXPECT_THAT(refused.error().next, Not(HasSubstr("date")));
  EXPECT_THAT(time_flag("since", "soon").error().next, HasSubstr("or a date"));
}

TEST(TimeFlag, AYearThatNoColumnHoldsIsOnlyLookedFor) {
  const std::string far = "+10000-01-01T00:00:00Z";
  EXPECT_TRUE(time_flag("since", far).ok());
  const auto refused = column_time_flag("valid-until", far);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kUsage);
  EXPECT_THAT(refused.error().message, HasSubstr("a year that cannot be kept"));
  EXPECT_EQ(*column_time_flag("valid-until", "2026-01-31"), "2026-01-31T00:00:00+00:00");
}

}  // namespace
}  // namespace cortex::app
