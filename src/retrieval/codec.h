// Bytes of the index: variable-length integers, document records, forward rows, posting lists
// (docs/formats.md, "Search index"). All integers are little-endian. Readers check every bound and
// say false (or nullopt) on bytes that a writer cannot have made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
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
  bool body = true;        // of Field::kBody or kPair; others do not expand queries

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
// Postings in ascending order of `local`, each as the distance to the one before it.
void write_postings(std::string& out, std::uint32_t before, std::span<const Posting> postings);
// Calls fn(local, count, length) for each; false on bytes that are no postings.
template <class Fn>
bool read_postings(Bytes bytes, std::uint32_t before, Fn&& fn) {
  ByteReader in{bytes};
  std::uint64_t local = before;
  while (!in.done()) {
    const std::uint64_t head = in.varint();
    local += head >> 1U;
    const std::uint8_t count = (head & 1U) != 0 ? std::uint8_t{1} : in.byte();
    const std::uint8_t length = in.byte();
    if (!in.ok || local > 0xFFFF) return false;
    fn(static_cast<std::uint32_t>(local), count, length);
  }
  return in.ok;
}

// Where a long list lies: chunks of kChunkPostings, each with what bounds its scores.
inline constexpr std::size_t kChunkPostings = 512;
inline constexpr std::size_t kInlinePostings = 128;
struct Chunk {
  std::uint32_t last = 0;       // local document of its last posting
  std::uint8_t count_max = 0;   // highest count
  std::uint8_t length_min = 0;  // shortest length
};
struct ChunkList {
  std::int64_t first_row = 0;  // row of the first chunk; the others follow
  std::vector<Chunk> chunks;
};
std::string write_chunk_list(const ChunkList& list);
std::optional<ChunkList> read_chunk_list(Bytes bytes);

}  // namespace cortex::retrieval
