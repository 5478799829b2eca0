#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "base/check.h"

namespace cortex {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return make_error(Code::kUsage, "odd");
  return n / 2;
}

Result<int> quarter(int n) {
  CORTEX_ASSIGN(const int once, half(n));
  CORTEX_ASSIGN(const int twice, half(once));
  return twice;
}

Status both_even(int a, int b) {
  CORTEX_TRY(half(a));
  CORTEX_TRY(half(b));
  return {};
}

TEST(Error, TextSaysWhatHappenedWhatIsUnchangedAndWhatToDoNext) {
  Error e = make_error(Code::kPrecondition, "the store is missing");
  EXPECT_EQ(e.text(), "the store is missing.");
  e.next = "run `cortex init` first";
  EXPECT_EQ(e.text(), "the store is missing. Next: run `cortex init` first.");
  e.unchanged = "no state was changed";
  EXPECT_EQ(e.text(), "the store is missing; no state was changed. Next: run `cortex init` first.");
  EXPECT_EQ(Error{}.text(), "");
}

TEST(Error, AFullStopIsNotDoubled) {
  EXPECT_EQ(make_error(Code::kInternal, "stopped.").text(), "stopped.");
}

TEST(Error, CodeAndContextAreReplacedWithoutLosingTheRest) {
  Error e = make_error(Code::kInternal, "cannot read");
  e.system_errno = 5;
  e = with_context(with_code(std::move(e), Code::kChain), "row 3");
  EXPECT_EQ(e.code, Code::kChain);
  EXPECT_EQ(e.message, "row 3: cannot read");
  EXPECT_EQ(e.system_errno, 5);
}

TEST(Result, MacrosPassTheFirstErrorOn) {
  EXPECT_EQ(*quarter(12), 3);
  EXPECT_EQ(quarter(6).error().message, "odd");
  EXPECT_TRUE(both_even(2, 4).ok());
  EXPECT_EQ(both_even(2, 3).error().code, Code::kUsage);
}

TEST(Result, CarriesMoveOnlyValues) {
  Result<std::unique_ptr<int>> r = std::make_unique<int>(7);
  const std::unique_ptr<int> taken = std::move(r).value();
  EXPECT_EQ(*taken, 7);
}

TEST(CheckDeathTest, AFalseConditionAbortsAndNamesItself) {
  EXPECT_DEATH(CORTEX_CHECK(1 + 1 == 3), "result_test.cc:[0-9]+: 1 \\+ 1 == 3");
  EXPECT_DEATH(CORTEX_UNREACHABLE(), "unreachable code");
}

}  // namespace
}  // namespace cortex
