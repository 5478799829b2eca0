#include "retrieval/segment_builder.h"

#include <algorithm>

#include "base/check.h"

namespace cortex::retrieval {

struct SegmentBuilder::Writers {
  sqlite::Statement term, chunk;
  std::int64_t segment;
};

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

Status SegmentBuilder::write_term(Writers& writers, Term term, std::span<const Posting> postings,
                                  std::int64_t& next_chunk) {
  const auto blob = [](const std::string& bytes) {
    return std::as_bytes(std::span(bytes.data(), bytes.size()));
  };
  std::string bytes;
  CORTEX_TRY(writers.term.bind(1, term_row(writers.segment, term)));
  CORTEX_TRY(writers.term.bind(2, postings.size()));
  if (postings.size() <= kInlinePostings) {
    write_postings(bytes, 0, postings);
    CORTEX_TRY(writers.term.bind(3, blob(bytes)));
    CORTEX_TRY(writers.term.bind(4, nullptr));
    return writers.term.run();
  }
  ChunkList list{next_chunk, {}};
  std::uint32_t before = 0;
  for (std::size_t at = 0; at < postings.size(); at += kChunkPostings) {
    const auto part = postings.subspan(at, std::min(kChunkPostings, postings.size() - at));
    bytes.clear();
    write_postings(bytes, before, part);
    Chunk chunk{part.back().local, 0, 255};
    for (const Posting& p : part) {
      chunk.count_max = std::max(chunk.count_max, p.count);
      chunk.length_min = std::min(chunk.length_min, p.length);
    }
    list.chunks.push_back(chunk);
    CORTEX_TRY(writers.chunk.bind_all(next_chunk, blob(bytes)));
    CORTEX_TRY(writers.chunk.run());
    ++next_chunk;
    before = chunk.last;
  }
  const std::string chunks = write_chunk_list(list);
  CORTEX_TRY(writers.term.bind(3, nullptr));
  CORTEX_TRY(writers.term.bind(4, blob(chunks)));
  return writers.term.run();
}

Status SegmentBuilder::write(sqlite::Connection& db, std::int64_t id, std::int64_t& next_chunk) {
  const std::int64_t chunk_first = next_chunk;
  CORTEX_ASSIGN(auto term, db.prepare("INSERT INTO cortex_recall_terms(id, df, postings, chunks)"
                                      " VALUES(?1,?2,?3,?4)"));
  CORTEX_ASSIGN(auto chunk,
                db.prepare("INSERT INTO cortex_recall_postings(id, data) VALUES(?1,?2)"));
  Writers writers{std::move(term), std::move(chunk), id};
  std::ranges::sort(entries_, {}, &Entry::key);
  std::vector<Posting> postings;
  for (std::size_t at = 0; at < entries_.size();) {
    const Term key = entries_[at].key >> 16U;
    postings.clear();
    for (; at < entries_.size() && entries_[at].key >> 16U == key; ++at) {
      const Entry& e = entries_[at];
      postings.push_back({static_cast<std::uint32_t>(e.key & 0xFFFFU), e.count, e.length});
    }
    CORTEX_TRY(write_term(writers, key, postings, next_chunk));
  }
  CORTEX_ASSIGN(auto segment,
                db.prepare("INSERT INTO cortex_recall_segments(id, first_doc, last_doc, postings,"
                           " chunk_first, chunk_count) VALUES(?1,?2,?3,?4,?5,?6)"));
  CORTEX_TRY(segment.bind_all(id, first_, first_ + docs_ - 1, entries_.size(), chunk_first,
                              next_chunk - chunk_first));
  start(first_ + docs_);
  return segment.run();
}

}  // namespace cortex::retrieval
