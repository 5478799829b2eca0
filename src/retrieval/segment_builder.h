// Turns forward rows into a segment: postings sorted by term, written in ascending row order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "retrieval/codec.h"
#include "sqlite/connection.h"

namespace cortex::retrieval {

// Writes the lists of one segment; terms come in ascending order.
class TermWriter {
 public:
  static Result<TermWriter> open(sqlite::Connection& db, std::int64_t segment);
  Status write(Term term, std::span<const Posting> postings);

 private:
  TermWriter(sqlite::Statement insert, std::int64_t segment)
      : insert_(std::move(insert)), segment_(segment) {}

  sqlite::Statement insert_;
  std::int64_t segment_;
  std::string bytes_;
};

class SegmentBuilder {
 public:
  // Room for so many postings at once: what a growing vector leaves behind is not given back.
  void reserve(std::size_t postings) { entries_.reserve(postings); }
  // Documents are added in order, without gaps, the first one being `first`.
  void start(DocId first);
  void add(std::uint16_t length, std::span<const DocTerm> terms);
  DocId size() const { return docs_; }
  std::size_t postings() const { return entries_.size(); }
  // Writes the segment and its row in cortex_recall_segments, then is empty.
  Status write(sqlite::Connection& db, std::int64_t id);

 private:
  struct Entry {
    std::uint64_t key = 0;  // term << 16 | local document
    std::uint8_t count = 0, length = 0;
  };

  DocId first_ = 1;
  DocId docs_ = 0;
  std::vector<Entry> entries_;
};

}  // namespace cortex::retrieval
