#include "cli/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>

namespace cortex::cli {
namespace {

TEST(Terminal, NoColorAndDumbTerminalsTurnColourOff) {
  EXPECT_TRUE(detect_terminal({}).colour_allowed);
  EXPECT_TRUE(detect_terminal({{"NO_COLOR", ""}}).colour_allowed) << "empty counts as unset";
  EXPECT_FALSE(detect_terminal({{"NO_COLOR", "1"}}).colour_allowed);
  EXPECT_FALSE(detect_terminal({{"TERM", "dumb"}}).colour_allowed);
}

TEST(Terminal, AReaderThatWentAwayIsNoFailure) {
  ignore_write_signals();
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  int error_number = 0;
  EXPECT_EQ(write_fully(ends[1], "x", error_number), WriteOutcome::kReaderGone);
  EXPECT_EQ(error_number, 0);
  ::close(ends[1]);
}

TEST(Terminal, AFullDeviceIsReportedWithItsReason) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  int error_number = 0;
  EXPECT_EQ(write_fully(full, "x", error_number), WriteOutcome::kFailed);
  EXPECT_EQ(error_number, ENOSPC);
  ::close(full);
}

TEST(Terminal, LongTextIsWrittenCompletely) {
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  const std::string text(50'000, 'x');  // below the capacity of a pipe
  int error_number = 0;
  EXPECT_EQ(write_fully(ends[1], text, error_number), WriteOutcome::kWritten);
  ::close(ends[1]);
  std::string read(text.size() + 1, ' ');
  std::size_t total = 0;
  for (ssize_t n = 1; n > 0;) {
    n = ::read(ends[0], read.data() + total, read.size() - total);
    if (n > 0) total += static_cast<std::size_t>(n);
  }
  EXPECT_EQ(total, text.size());
  ::close(ends[0]);
}

}  // namespace
}  // namespace cortex::cli
