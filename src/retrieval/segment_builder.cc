#include "retrieval/segment_builder.h"

#include <algorithm>
#include <array>
#include <thread>

#include "base/check.h"
#include "retrieval/index_schema.h"

namespace cortex::retrieval {
namespace {

// Fewer are sorted sooner than a thread is started.
constexpr std::size_t kSortedByTwo = 1U << 14;

}  // namespace

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

// Sorted as two halves, at the same time. All documents of the first come before those of the
// second, or are the one in the middle: its lists are continued by those of the second.
Status SegmentBuilder::write(sqlite::Connection& db, std::int64_t id) {
  CORTEX_ASSIGN(auto writer, TermWriter::open(db, id));
  const auto middle = entries_.begin() + static_cast<std::ptrdiff_t>(entries_.size() / 2);
  std::array<std::span<const Entry>, 2> halves{
      {{entries_.begin(), middle}, {middle, entries_.end()}}};
  {
    std::jthread other;
    const auto sort_first = [&] { std::ranges::sort(entries_.begin(), middle, {}, &Entry::key); };
    if (entries_.size() >= kSortedByTwo) other = std::jthread(sort_first);
    if (!other.joinable()) sort_first();
    std::ranges::sort(middle, entries_.end(), {}, &Entry::key);
  }
  std::vector<Posting> postings;
  while (!halves[0].empty() || !halves[1].empty()) {
    Term term = kTermMask;
    for (const auto& half : halves) {
      if (!half.empty()) term = std::min(term, half.front().key >> 16U);
    }
    postings.clear();
    for (auto& half : halves) {
      for (; !half.empty() && half.front().key >> 16U == term; half = half.subspan(1)) {
        const Entry& e = half.front();
        postings.push_back({static_cast<std::uint32_t>(e.key & 0xFFFFU), e.count, e.length});
      }
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
