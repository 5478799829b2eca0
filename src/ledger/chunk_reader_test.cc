#include "ledger/chunk_reader.h"

#include <gmock/gmock.h>

#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::size_t kChunk = limits::kIoBlockBytes;

// Chunks of text[offset, end), after checking that they follow each other and end at line borders.
std::vector<std::string> chunks_of(const std::string& text, std::uint64_t offset,
                                   std::uint64_t end) {
  TextFile file(text);
  ChunkReader reader(file, offset, end);
  std::vector<std::string> chunks;
  Chunk chunk;
  std::uint64_t next = offset;
  while (reader.next(chunk).value()) {
    EXPECT_EQ(chunk.offset, next);
    EXPECT_FALSE(chunk.bytes.empty());
    next += chunk.bytes.size();
    EXPECT_TRUE(chunk.bytes.ends_with('\n') || next == std::min<std::uint64_t>(end, text.size()));
    chunks.push_back(chunk.bytes);
  }
  EXPECT_FALSE(reader.next(chunk).value()) << "the end stays the end";
  EXPECT_EQ(file.bytes_read, next - offset) << "every byte once";
  return chunks;
}

std::vector<std::string> chunks_of(const std::string& text) {
  return chunks_of(text, 0, text.size());
}

std::string joined(const std::vector<std::string>& chunks) {
  std::string out;
  for (const std::string& chunk : chunks) out += chunk;
  return out;
}

TEST(ChunkReader, EmptyFile_HasNoChunk) { EXPECT_THAT(chunks_of(""), IsEmpty()); }

TEST(ChunkReader, SmallFiles_AreOneChunkAsTheyStand) {
  EXPECT_THAT(chunks_of("\n"), ElementsAre("\n"));
  EXPECT_THAT(chunks_of("a\n\nb\n"), ElementsAre("a\n\nb\n"));
  EXPECT_THAT(chunks_of("a\r\n  \r\n"), ElementsAre("a\r\n  \r\n"));
}

TEST(ChunkReader, LastLineWithoutNewline_IsNotLost) {
  EXPECT_EQ(joined(chunks_of("b")), "b");
  EXPECT_EQ(joined(chunks_of("a\nb")), "a\nb");
  EXPECT_EQ(joined(chunks_of("a\n  ")), "a\n  ");
}

TEST(ChunkReader, Stretch_IsReadAndNothingAroundIt) {
  EXPECT_EQ(joined(chunks_of("aaa\nbbb\nccc\n", 4, 8)), "bbb\n");
  EXPECT_EQ(joined(chunks_of("aaa\nbbb\nccc\n", 4, 10)), "bbb\ncc");
  EXPECT_THAT(chunks_of("aaa\n", 4, 4), IsEmpty());
}

TEST(ChunkReader, NewlineAroundTheBlockBorder_SplitsNoLine) {
  for (std::size_t before = kChunk - 2; before <= kChunk + 1; ++before) {
    const std::string text = std::string(before, 'a') + "\n" + std::string(before, 'b') + "\nc\n";
    EXPECT_TRUE(joined(chunks_of(text)) == text) << before;
  }
}

TEST(ChunkReader, LineLongerThanSeveralBlocks_StaysWhole) {
  const std::string text =
      "first\n" + std::string(3 * kChunk + 7, 'x') + "\nlast\n" + std::string(2 * kChunk, 'y');
  const auto chunks = chunks_of(text);
  EXPECT_TRUE(joined(chunks) == text);
  ASSERT_GE(chunks.size(), 2U);
  EXPECT_EQ(chunks[0], "first\n");
}

TEST(ChunkReader, ManyLines_ComeInChunksOfABlockOrSo) {
  std::string text;
  for (int i = 0; text.size() < 4 * kChunk; ++i) text += cat(std::string(900, 'x'), i, "\n");
  const auto chunks = chunks_of(text);
  EXPECT_TRUE(joined(chunks) == text);
  EXPECT_GE(chunks.size(), 4U);
  for (const std::string& chunk : chunks) EXPECT_LE(chunk.size(), kChunk + 1000);
}

TEST(ChunkReader, BlankLinesOnly_AreChunksToo) {
  const std::string text(2 * kChunk + 5, '\n');
  EXPECT_TRUE(joined(chunks_of(text)) == text);
}

TEST(ChunkReader, FileThatIsShorterThanTold_EndsEarlier) {
  EXPECT_EQ(joined(chunks_of("a\nb", 0, 1000)), "a\nb");
}

TEST(ChunkReader, FileThatGrows_EndsWhereItWasTold) {
  TextFile file("a\nb\n");
  ChunkReader reader(file, 0, 4);
  file.text += "c\n";
  Chunk chunk;
  ASSERT_TRUE(reader.next(chunk).value());
  EXPECT_EQ(chunk.bytes, "a\nb\n");
  EXPECT_FALSE(reader.next(chunk).value());
}

TEST(ChunkReader, BlockFunction_SeesEveryByteOnceBeforeItsChunk) {
  const std::string text = std::string(kChunk, 'a') + "\n" + std::string(2 * kChunk, 'b') + "\nc";
  TextFile file(text);
  std::string seen;
  ChunkReader reader(file, 3, text.size(), [&seen](std::string_view block) {
    EXPECT_FALSE(block.empty());
    seen += block;
    return Status{};
  });
  Chunk chunk;
  while (reader.next(chunk).value()) EXPECT_GE(3 + seen.size(), chunk.offset + chunk.bytes.size());
  EXPECT_TRUE(seen == text.substr(3));
}

TEST(ChunkReader, FailuresOfTheBlockFunctionAndOfTheFile_AreReturned) {
  TextFile file("a\n");
  Chunk chunk;
  ChunkReader refused(file, 0, 2, [](std::string_view) -> Status {
    return make_error(Code::kQuarantined, "full");
  });
  EXPECT_EQ(refused.next(chunk).error().code, Code::kQuarantined);
  file.fails_from = 1;
  ChunkReader failing(file, 0, 2);
  EXPECT_EQ(failing.next(chunk).error().system_errno, EIO);
}

}  // namespace
}  // namespace cortex::ledger
