#include "transcript/lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/limits.h"
#include "base/text.h"
#include "transcript/text_fixture.h"

namespace cortex::transcript {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines_of(const std::string& text) {
  const ReadAt read = reader_of(text);
  LineReader lines(read);
  LineReader::Line line;
  std::vector<std::string> out;
  while (lines.next(line).value()) out.emplace_back(line.text);
  return out;
}

TEST(LinesTest, EveryLineOnce_WithAndWithoutAnEnd) {
  EXPECT_THAT(lines_of("a\r\nb\n\nc"), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(lines_of(""), ElementsAre());
  EXPECT_THAT(lines_of("\n"), ElementsAre(""));
}

TEST(LinesTest, LinesAcrossBlocksAreWhole) {
  const std::string long_line(limits::kIoBlockBytes * 3 + 17, 'x');
  EXPECT_THAT(lines_of(cat("a\n", long_line, "\nb\n")), ElementsAre("a", long_line, "b"));
}

TEST(LinesTest, ALineOfAnySizeCostsBoundedMemory) {
  // 70 MB that are never held: the reader makes them up.
  static constexpr std::uint64_t kSize = 70'000'000;
  const ReadAt read = [](std::uint64_t offset, std::span<char> out) -> Result<std::size_t> {
    const std::uint64_t left = kSize - std::min(offset, kSize);
    const std::size_t count = std::min<std::uint64_t>(left, out.size());
    for (std::size_t i = 0; i < count; ++i) out[i] = offset + i == kSize - 2 ? '\n' : 'x';
    return count;
  };
  LineReader lines(read);
  LineReader::Line line;
  ASSERT_TRUE(lines.next(line).value());
  EXPECT_EQ(line.too_long, kSize - 2);
  EXPECT_LE(line.text.size(), LineReader::kLineBytesMax);
  ASSERT_TRUE(lines.next(line).value());
  EXPECT_EQ(line.text, "x");
  EXPECT_EQ(line.too_long, 0U);
  EXPECT_FALSE(lines.next(line).value());
}

TEST(LinesTest, AFailureOfTheFileIsTold) {
  const ReadAt read = [](std::uint64_t, std::span<char>) -> Result<std::size_t> {
    return make_error(Code::kInternal, "gone");
  };
  LineReader lines(read);
  LineReader::Line line;
  EXPECT_EQ(lines.next(line).error().message, "gone");
}

}  // namespace
}  // namespace cortex::transcript
