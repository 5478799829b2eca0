#include "retrieval/segment_merge.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "retrieval/codec.h"
#include "retrieval/segment_builder.h"

namespace cortex::retrieval {
namespace {

// Lists written at once: each write makes SQLite find the places of all readers again.
constexpr std::size_t kPostingsAtOnce = 1U << 16U;
constexpr Term kNoTerm = kTermMask + 1;

// The lists of one segment, in the order of terms.
class ListReader {
 public:
  static Result<ListReader> open(sqlite::Connection& db, const Segment& segment) {
    CORTEX_ASSIGN(auto select,
                  db.prepare("SELECT id, postings FROM cortex_recall_terms WHERE id BETWEEN ?1"
                             " AND ?2 ORDER BY id"));
    CORTEX_TRY(select.bind_all(term_row(segment.id, 0), term_row(segment.id, kTermMask)));
    ListReader reader(std::move(select), segment);
    CORTEX_TRY(reader.advance());
    return reader;
  }

  // kNoTerm behind the last one.
  Term term() const { return term_; }

  // Adds the list to `out`, documents counted from `first`, and goes on to the next one.
  Status take(DocId first, PostingBlock& block, std::vector<Posting>& out) {
    PostingReader reader(select_.column_blob(1), segment_.first - first, segment_.size());
    while (reader.next(block)) {
      for (std::size_t i = 0; i < block.size; ++i) {
        out.push_back({block.docs[i], block.counts[i], block.lengths[i]});
      }
    }
    if (!reader.ok()) return corrupt_index("a posting list is unreadable");
    return advance();
  }

 private:
  ListReader(sqlite::Statement select, const Segment& segment)
      : select_(std::move(select)), segment_(segment) {}

  Status advance() {
    CORTEX_ASSIGN(const bool more, select_.step());
    term_ = more ? static_cast<Term>(select_.column_int(0)) & kTermMask : kNoTerm;
    return {};
  }

  sqlite::Statement select_;
  Segment segment_;
  Term term_ = kNoTerm;
};

class Merge {
 public:
  Merge(DocId first, TermWriter writer) : first_(first), writer_(std::move(writer)) {}

  Status run(std::vector<ListReader>& readers) {
    for (;;) {
      Term term = kNoTerm;
      for (const ListReader& reader : readers) term = std::min(term, reader.term());
      if (term == kNoTerm) return write();
      const std::size_t begin = postings_.size();
      for (ListReader& reader : readers) {
        if (reader.term() == term) CORTEX_TRY(reader.take(first_, block_, postings_));
      }
      lists_.emplace_back(term, begin);
      if (postings_.size() >= kPostingsAtOnce) CORTEX_TRY(write());
    }
  }
  std::uint64_t written() const { return written_; }

 private:
  Status write() {
    for (std::size_t i = 0; i < lists_.size(); ++i) {
      const auto& [term, begin] = lists_[i];
      const std::size_t end = i + 1 < lists_.size() ? lists_[i + 1].second : postings_.size();
      CORTEX_TRY(writer_.write(term, std::span(postings_).subspan(begin, end - begin)));
    }
    written_ += postings_.size();
    postings_.clear();
    lists_.clear();
    return {};
  }

  DocId first_;
  TermWriter writer_;
  PostingBlock block_;
  std::vector<Posting> postings_;
  std::vector<std::pair<Term, std::size_t>> lists_;  // where each begins
  std::uint64_t written_ = 0;
};

Status drop_segment(sqlite::Connection& db, const Segment& segment) {
  CORTEX_ASSIGN(auto terms,
                db.prepare("DELETE FROM cortex_recall_terms WHERE id BETWEEN ?1 AND ?2"));
  CORTEX_TRY(terms.bind_all(term_row(segment.id, 0), term_row(segment.id, kTermMask)));
  CORTEX_TRY(terms.run());
  CORTEX_ASSIGN(auto row, db.prepare("DELETE FROM cortex_recall_segments WHERE id = ?1"));
  CORTEX_TRY(row.bind_all(segment.id));
  return row.run();
}

}  // namespace

Status merge_segments(sqlite::Connection& db, std::span<const Segment> parts, std::int64_t id) {
  std::vector<ListReader> readers;
  for (const Segment& part : parts) {
    CORTEX_ASSIGN(auto reader, ListReader::open(db, part));
    readers.push_back(std::move(reader));
  }
  const DocId first = parts.front().first, last = parts.back().last;
  CORTEX_ASSIGN(auto writer, TermWriter::open(db, id));
  Merge merge(first, std::move(writer));
  CORTEX_TRY(merge.run(readers));
  readers.clear();
  for (const Segment& part : parts) CORTEX_TRY(drop_segment(db, part));
  return write_segment_row(db, {id, first, last, merge.written()});
}

}  // namespace cortex::retrieval
