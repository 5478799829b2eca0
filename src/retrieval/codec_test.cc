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

std::vector<Posting> read_all(Bytes bytes, std::uint32_t first, std::uint32_t docs, bool& ok) {
  std::vector<Posting> read;
  PostingReader reader(bytes, first, docs);
  PostingBlock block;
  while (reader.next(block)) {
    for (std::size_t i = 0; i < block.size; ++i) {
      read.push_back({block.docs[i], block.counts[i], block.lengths[i]});
    }
  }
  ok = reader.ok();
  return read;
}

// Lists of every length around a block, with distances of one, two and four bytes.
TEST(Codec, PostingsReadBack) {
  for (const std::size_t size : {0U, 1U, 4U, 127U, 128U, 129U, 256U, 300U}) {
    for (const std::uint32_t step : {1U, 7U, 400U, 70'000U}) {
      std::vector<Posting> postings;
      for (std::uint32_t i = 0; i < size; ++i) {
        const auto count = static_cast<std::uint8_t>(i % 5 == 0 ? i % 255 + 1 : 1);
        postings.push_back({i * step + i % 2, count, static_cast<std::uint8_t>(i * 3)});
      }
      std::string out;
      write_postings(out, postings);
      const std::uint32_t docs = postings.empty() ? 1 : postings.back().local + 1;
      bool ok = false;
      EXPECT_EQ(read_all(bytes_of(out), 0, docs, ok), postings) << size << " " << step;
      EXPECT_TRUE(ok);
      if (postings.empty()) continue;
      static_cast<void>(read_all(bytes_of(out), 0, docs - 1, ok));
      EXPECT_FALSE(ok) << "a document beyond the segment";
      static_cast<void>(read_all(bytes_of(out).first(out.size() - 1), 0, docs, ok));
      EXPECT_FALSE(ok) << "a byte is missing";
      const auto moved = read_all(bytes_of(out), 1000, docs, ok);
      EXPECT_EQ(moved.back().local, postings.back().local + 1000);
    }
  }
}

TEST(Codec, BytesThatAreNoPostingsAreNoticed) {
  bool ok = true;
  for (const std::string& bytes : {std::string("\x01", 1), std::string("\x01\x03\x00", 3),
                                   std::string("\x80", 1), std::string("\x00\x07", 2)}) {
    static_cast<void>(read_all(bytes_of(bytes), 0, 100, ok));
    EXPECT_FALSE(ok);
  }
  std::string block("\x01\x01\x01", 3);          // one block, distances of a byte, one count
  block += std::string(256, '\0') + "\x80\x02";  // of a posting that a block has not
  static_cast<void>(read_all(bytes_of(block), 0, 100, ok));
  EXPECT_FALSE(ok);
}

TEST(Codec, LengthsKeepTheirOrder) {
  EXPECT_EQ(decode_length(encode_length(12)), 12.0F);
  for (std::uint32_t length = 1; length < 70'000; length += 7) {
    EXPECT_LE(encode_length(length - 1), encode_length(length));
    EXPECT_NEAR(decode_length(encode_length(length)), static_cast<float>(length),
                0.05F * static_cast<float>(length) + 0.5F);
  }
}

}  // namespace
}  // namespace cortex::retrieval
