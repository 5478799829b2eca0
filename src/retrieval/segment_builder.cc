#include "retrieval/segment_builder.h"

#include <algorithm>

#include "base/check.h"

namespace cortex::retrieval {

void SegmentBuilder::start(DocId first) {
  first_ = first;
  docs_ = 0;
  entries_.clear();
}

void SegmentBuilder::add(std::uint16_t length, std::span<const DocTerm> terms) {
  CORTEX_CHECK(docs_ <= 0xFFFF);
  const std::uint8_t code = encode_length(length);
  for (const DocTerm& t : terms) entries_.push_back({t.term << 16U | docs_, t.count, code});
  ++docs_;
}

Status SegmentBuilder::write(sqlite::Connection& db, std::int64_t id) {
  CORTEX_ASSIGN(auto writer, TermWriter::open(db, id));
  std::ranges::sort(entries_, {}, &Entry::key);
  std::vector<Posting> postings;
  for (std::size_t at = 0; at < entries_.size();) {
    const Term term = entries_[at].key >> 16U;
    postings.clear();
    for (; at < entries_.size() && entries_[at].key >> 16U == term; ++at) {
      const Entry& e = entries_[at];
      postings.push_back({static_cast<std::uint32_t>(e.key & 0xFFFFU), e.count, e.length});
    }
    CORTEX_TRY(writer.write(term, postings));
  }
  const Segment made{id, first_, first_ + docs_ - 1, entries_.size()};
  start(first_ + docs_);
  return write_segment_row(db, made);
}

Result<TermWriter> TermWriter::open(sqlite::Connection& db, std::int64_t segment) {
  CORTEX_ASSIGN(auto insert, db.prepare("INSERT INTO cortex_recall_terms(id, df, postings)"
                                        " VALUES(?1,?2,?3)"));
  return TermWriter(std::move(insert), segment);
}

Status TermWriter::write(Term term, std::span<const Posting> postings) {
  bytes_.clear();
  write_postings(bytes_, postings);
  CORTEX_TRY(insert_.bind_all(term_row(segment_, term), postings.size(),
                              std::as_bytes(std::span(bytes_.data(), bytes_.size()))));
  return insert_.run();
}

}  // namespace cortex::retrieval
