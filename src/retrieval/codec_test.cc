#include "retrieval/codec.h"

#include <gtest/gtest.h>

#include <array>

namespace cortex::retrieval {
namespace {

Bytes bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

TEST(Codec, VarintsReadBack) {
  for (const std::uint64_t value : {0ULL, 1ULL, 127ULL, 128ULL, 300ULL, 1ULL << 35U, ~0ULL}) {
    std::string out;
    put_varint(out, value);
    ByteReader in{bytes_of(out)};
    EXPECT_EQ(in.varint(), value);
    EXPECT_TRUE(in.ok && in.done());
  }
  const std::string unfinished = "\x80";
  ByteReader cut{bytes_of(unfinished)};
  EXPECT_EQ(cut.varint(), 0U);
  EXPECT_FALSE(cut.ok);
}

TEST(Codec, RecordsReadBack) {
  const DocRecord record{7, 1U << 31U,  3,     0xFFFFFFFF,    -5,  1'700'000'000,
                         9, 0xABCD1234, 65535, Kind::kMemory, 0xFF};
  std::array<std::byte, kRecordBytes> bytes{};
  write_record(record, bytes.data());
  EXPECT_EQ(read_record(bytes.data()), record);
}

TEST(Codec, ForwardRowsReadBackAndEveryCutIsNoticedOrShorter) {
  const std::vector<DocTerm> terms{{5, 1, true}, {kTermMask, 255, false}};
  const std::string row = write_forward(300, terms);
  std::uint16_t length = 0;
  std::vector<DocTerm> read;
  ASSERT_TRUE(read_forward(bytes_of(row), length, read));
  EXPECT_EQ(length, 300);
  EXPECT_EQ(read, terms);
  for (std::size_t size = 0; size < row.size(); ++size) {
    const bool whole = read_forward(bytes_of(row).first(size), length, read);
    EXPECT_TRUE(!whole || read.size() < 2U);
  }
}

TEST(Codec, PostingsReadBack) {
  const std::vector<Posting> postings{{0, 1, 3}, {1, 2, 4}, {500, 255, 255}, {65535, 1, 0}};
  std::string out;
  write_postings(out, 0, postings);
  std::vector<Posting> read;
  ASSERT_TRUE(read_postings(bytes_of(out), 0, [&](auto local, auto count, auto length) {
    read.push_back({local, count, length});
  }));
  EXPECT_EQ(read, postings);
  EXPECT_FALSE(read_postings(bytes_of(out).first(out.size() - 1), 0, [](auto, auto, auto) {}));
  EXPECT_FALSE(read_postings(bytes_of(out), 10, [](auto, auto, auto) {}));
}

TEST(Codec, LengthsKeepTheirOrder) {
  EXPECT_EQ(decode_length(encode_length(12)), 12.0F);
  for (std::uint32_t length = 1; length < 70'000; length += 7) {
    EXPECT_LE(encode_length(length - 1), encode_length(length));
    EXPECT_NEAR(decode_length(encode_length(length)), static_cast<float>(length),
                0.05F * static_cast<float>(length) + 0.5F);
  }
}

TEST(Codec, ChunkListsReadBack) {
  const ChunkList list{77, {{511, 3, 2}, {65535, 255, 9}}};
  const std::string written = write_chunk_list(list);
  const auto read = read_chunk_list(bytes_of(written));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->first_row, 77);
  ASSERT_EQ(read->chunks.size(), 2U);
  EXPECT_EQ(read->chunks[1].last, 65535U);
  const std::string cut = "\x01\x05";
  EXPECT_FALSE(read_chunk_list(bytes_of(cut)).has_value());
}

}  // namespace
}  // namespace cortex::retrieval
