#include "cli/progress_line.h"

#include <gtest/gtest.h>

namespace cortex::cli {
namespace {

constexpr std::uint64_t kMega = 1'000'000;

TEST(ProgressText, PartOfAKnownTotal_IsShownWithShareAndRate) {
  EXPECT_EQ(progress_text("copying", 50 * kMega, 200 * kMega, 2.0),
            "copying 50.0 MB of 200.0 MB (25 %), 25.0 MB/s");
}

TEST(ProgressText, UnknownTotalOrNoTimeYet_IsLeftOut) {
  EXPECT_EQ(progress_text("reading", 5 * kMega, 0, 1.0), "reading 5.0 MB, 5.0 MB/s");
  EXPECT_EQ(progress_text("reading", 0, 10, 0), "reading 0 B of 10 B (0 %)");
}

TEST(ProgressText, MoreThanTheTotal_ShowsNoShareAbove100) {
  EXPECT_EQ(progress_text("copying", 11, 10, 1.0), "copying 11 B, 11 B/s");
  EXPECT_EQ(progress_text("copying", 10, 10, 1.0), "copying 10 B of 10 B (100 %), 10 B/s");
}

TEST(ProgressText, HugeFiles_KeepTheirShare) {
  constexpr std::uint64_t kHuge = 1ULL << 62U;
  EXPECT_EQ(progress_text("x", kHuge / 2, kHuge, 0), "x 2.3 EB of 4.6 EB (50 %)");
}

TEST(ProgressLine, ShortWork_EndsBeforeALineAppears) {
  for (const bool on_terminal : {false, true}) {
    testing::internal::CaptureStderr();
    {
      Terminal terminal;
      terminal.stderr_is_tty = on_terminal;
      ProgressLine line(terminal);
      line.progress()->begin_phase("copying", 10);
      line.progress()->add(4);
      EXPECT_EQ(line.progress()->bytes_done(), 4U);
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  }
}

}  // namespace
}  // namespace cortex::cli
