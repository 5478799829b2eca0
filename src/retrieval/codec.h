// Bytes of the index: variable-length integers, document records, forward rows, posting lists
// (docs/formats.md, "Search index"). All integers are little-endian. Readers check every bound and
// say false on bytes that a writer cannot have made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "retrieval/term.h"

namespace cortex::retrieval {

using DocId = std::uint32_t;  // from 1; 0 is none
using Bytes = std::span<const std::byte>;

void put_varint(std::string& out, std::uint64_t value);
// A position in bytes that are read; after a failure `ok` is false and values are 0.
struct ByteReader {
  Bytes bytes;
  std::size_t at = 0;
  bool ok = true;

  bool done() const { return at >= bytes.size(); }
  std::uint8_t byte();
  std::uint64_t varint();
  std::uint64_t fixed(int size);
};

enum class Kind : std::uint8_t { kEvent = 0, kMemory = 1 };

// What ranking and filters need of one document: 40 bytes, in blocks of kBlockDocs.
struct DocRecord {
  std::uint32_t ref = 0;       // rowid in `events` or `memories`
  std::uint32_t session = 0;   // id in cortex_recall_names, 0 for none
  DocId prev = 0, next = 0;    // neighbours in the same session, 0 for none
  std::int64_t time = 0;       // Unix seconds: when it was said, else observed or created
  std::uint32_t observed = 0;  // Unix seconds, 1970 to 2106: when the store learned of it
  std::uint32_t source = 0;    // id in cortex_recall_names
  std::uint32_t speaker = 0;   // two fingerprints of 16 bits: the first words of the name
  std::uint16_t length = 0;    // body terms, at most 65535
  Kind kind = Kind::kEvent;
  std::uint8_t flags = 0;

  friend bool operator==(const DocRecord&, const DocRecord&) = default;
};
inline constexpr std::size_t kRecordBytes = 40;
inline constexpr DocId kBlockDocs = 50;
inline constexpr std::uint8_t kFlagQuestion = 1;  // ends in a question
inline constexpr std::uint8_t kFlagDeleted = 2;
inline constexpr std::uint8_t kFlagActive = 4;    // memories of status "active"; all events
inline constexpr std::uint8_t kFlagTemporal = 8;  // speaks of a time
inline constexpr std::uint8_t kFlagNumber = 16;   // speaks of a number

void write_record(const DocRecord& record, std::byte* out);
DocRecord read_record(const std::byte* in);

// One distinct term of a document.
struct DocTerm {
  Term term = 0;
  std::uint8_t count = 0;  // at most 255
  bool body = true;        // of Field::kBody; others do not expand queries

  friend bool operator==(const DocTerm&, const DocTerm&) = default;
};
// The forward row: length, then the distinct terms in order of first occurrence.
std::string write_forward(std::uint16_t length, std::span<const DocTerm> terms);
bool read_forward(Bytes bytes, std::uint16_t& length, std::vector<DocTerm>& terms);

// Document lengths as one byte: exact below 64, then 16 steps an octave (the idea of Lucene's
// SmallFloat norms).
std::uint8_t encode_length(std::uint32_t length);
float decode_length(std::uint8_t code);

struct Posting {
  std::uint32_t local = 0;  // document within its segment, from 0
  std::uint8_t count = 0;
  std::uint8_t length = 0;  // encode_length

  friend bool operator==(const Posting&, const Posting&) = default;
};
// Postings in ascending order of `local`: whole blocks, then the rest one by one.
inline constexpr std::size_t kBlockPostings = 128;
void write_postings(std::string& out, std::span<const Posting> postings);

// Postings as they are read: the first `size` of each array.
struct PostingBlock {
  std::size_t size = 0;
  std::array<std::uint32_t, kBlockPostings> docs;
  std::array<std::uint8_t, kBlockPostings> counts, lengths;
};
// Reads a list of a segment of `docs` documents, the first of which is number `first`.
class PostingReader {
 public:
  PostingReader(Bytes bytes, std::uint32_t first, std::uint32_t docs);
  // The next block, of at least one posting; false at the end and at bytes that are no postings.
  bool next(PostingBlock& block);
  // True when all that was read is postings.
  bool ok() const { return in_.ok; }

 private:
  bool read_block(PostingBlock& block);
  bool read_rest(PostingBlock& block);

  ByteReader in_;
  std::uint32_t first_, docs_;
  std::uint64_t blocks_ = 0;  // that are still to come
  std::uint64_t local_ = 0;
};

}  // namespace cortex::retrieval
