#include "mcp/frame_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace cortex::mcp {
namespace {

using testing::ElementsAre;

struct Lines {
  std::vector<std::string> seen;
  FrameReader reader{
      8, [this](FrameReader::Kind kind, std::string_view line) {
        seen.push_back(kind == FrameReader::Kind::kLine ? std::string(line) : "<too long>");
        return line != "stop";
      }};
};

TEST(FrameReader, LinesMayArriveInPieces) {
  Lines lines;
  for (const char* part : {"a", "b\nc\r", "\n\n\r\nd\n", "e"}) EXPECT_TRUE(lines.reader.feed(part));
  EXPECT_TRUE(lines.reader.finish());
  EXPECT_THAT(lines.seen, ElementsAre("ab", "c", "d", "e"));
}

TEST(FrameReader, AnEndWithoutARestSaysNothing) {
  Lines lines;
  EXPECT_TRUE(lines.reader.feed("a\n"));
  EXPECT_TRUE(lines.reader.finish());
  EXPECT_THAT(lines.seen, ElementsAre("a"));
}

TEST(FrameReader, LongLinesArePassedOver_InOnePieceAndInMany) {
  Lines lines;
  EXPECT_TRUE(lines.reader.feed("123456789\nok\n"));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(lines.reader.feed("12345"));
  EXPECT_TRUE(lines.reader.feed("\n12345678\n"));
  EXPECT_TRUE(lines.reader.feed("123456789"));
  EXPECT_TRUE(lines.reader.finish());
  EXPECT_THAT(lines.seen, ElementsAre("<too long>", "ok", "<too long>", "12345678", "<too long>"));
}

TEST(FrameReader, TheTakerCanEndIt) {
  Lines lines;
  EXPECT_FALSE(lines.reader.feed("a\nstop\nb\n"));
  EXPECT_THAT(lines.seen, ElementsAre("a", "stop"));
}

}  // namespace
}  // namespace cortex::mcp
