#include "retrieval/index_check.h"

#include <algorithm>

#include "base/text.h"
#include "retrieval/document.h"
#include "retrieval/index_reader.h"
#include "retrieval/store_rows.h"
#include "retrieval/vector_index.h"

namespace cortex::retrieval {
namespace {

// The sum of these over all postings does not depend on their order.
std::uint64_t posting_sum(Term term, std::uint64_t doc, std::uint8_t count, std::uint8_t length) {
  std::uint64_t h = term ^ (doc * 0x9E3779B97F4A7C15ULL) ^
                    (static_cast<std::uint64_t>(count) << 56U) ^
                    (static_cast<std::uint64_t>(length) << 48U);
  h ^= h >> 31U;
  h *= 0xBF58476D1CE4E5B9ULL;
  return h ^ h >> 29U;
}

class IndexCheck {
 public:
  IndexCheck(sqlite::Connection& db, const IndexState& state, IndexReader reader)
      : db_(db), state_(state), reader_(std::move(reader)) {}

  Status run() {
    CORTEX_TRY(check_events());
    CORTEX_TRY(check_memories());
    if (events_ + memories_ != state_.live) return corrupt_index("it counts other documents");
    return check_postings();
  }

 private:
  Status check_events() {
    CORTEX_ASSIGN(auto select, db_.prepare(cat("SELECT ", kEventRowColumns,
                                               " FROM events WHERE rowid <= ?1 ORDER BY rowid")));
    CORTEX_TRY(select.bind_all(state_.events_rowid));
    DocId doc = 0;
    for (;;) {
      CORTEX_ASSIGN(const bool more, select.step());
      if (!more) return {};
      const EventRow row = event_row(select);
      if (is_operation(row)) continue;
      CORTEX_TRY(next_event(doc));
      CORTEX_TRY(compare(doc, maker_.make(row)));
      ++events_;
    }
  }

  // The next document that is an event.
  Status next_event(DocId& doc) {
    for (;;) {
      CORTEX_ASSIGN(const DocRecord* record, reader_.record(++doc));
      if (record->kind == Kind::kEvent) return {};
    }
  }

  Status check_memories() {
    CORTEX_ASSIGN(
        auto select,
        db_.prepare(cat(
            "SELECT k.doc, ", kMemoryRowColumns,
            " FROM cortex_recall_memories k JOIN memories m ON m.rowid = k.ref ORDER BY k.doc")));
    for (;;) {
      CORTEX_ASSIGN(const bool more, select.step());
      if (!more) return {};
      const MemoryRow row = memory_row(select, 1);
      CORTEX_TRY(compare(static_cast<DocId>(select.column_int(0)), maker_.make(row)));
      ++memories_;
    }
  }

  Status compare(DocId doc, const Document& made) {
    CORTEX_ASSIGN(const DocRecord* record, reader_.record(doc));
    const DocRecord wanted = record_of(made);
    const bool same = record->ref == wanted.ref && record->time == wanted.time &&
                      record->observed == wanted.observed && record->length == wanted.length &&
                      record->speaker == wanted.speaker && record->kind == wanted.kind &&
                      record->flags == wanted.flags;
    std::uint16_t length = 0;
    CORTEX_TRY(reader_.forward(doc, length, terms_));
    if (same && length == made.length && std::ranges::equal(terms_, made.terms)) return {};
    return corrupt_index(cat("document ", doc, " is not what its row says"));
  }

  Status check_postings() {
    std::uint64_t expected = 0, found = 0;
    for (DocId doc = 1; doc <= state_.sealed; ++doc) {
      std::uint16_t length = 0;
      CORTEX_TRY(reader_.forward(doc, length, terms_));
      for (const DocTerm& t : terms_) {
        expected += posting_sum(t.term, doc, t.count, encode_length(length));
      }
    }
    for (const Segment& segment : reader_.segments()) {
      CORTEX_ASSIGN(auto select,
                    db_.prepare("SELECT id FROM cortex_recall_terms WHERE id BETWEEN ?1 AND ?2"));
      CORTEX_TRY(select.bind_all(term_row(segment.id, 0), term_row(segment.id, kTermMask)));
      for (;;) {
        CORTEX_ASSIGN(const bool more, select.step());
        if (!more) break;
        const Term term = static_cast<Term>(select.column_int(0)) & kTermMask;
        CORTEX_TRY(add_list(segment, term, found));
      }
    }
    if (expected == found) return {};
    return corrupt_index("its postings are not those of its documents");
  }

  Status add_list(const Segment& segment, Term term, std::uint64_t& sum) {
    CORTEX_ASSIGN(TermList list, reader_.find(term));
    std::erase_if(list.parts, [&](const TermList::Part& part) {
      return reader_.segments()[part.segment].id != segment.id;
    });
    return reader_.for_each(list, [&](const PostingBlock& block) {
      for (std::size_t i = 0; i < block.size; ++i) {
        if (block.docs[i] > state_.sealed) continue;
        sum += posting_sum(term, block.docs[i], block.counts[i], block.lengths[i]);
      }
    });
  }

  sqlite::Connection& db_;
  IndexState state_;
  IndexReader reader_;
  DocumentMaker maker_;
  std::vector<DocTerm> terms_;
  std::uint64_t events_ = 0, memories_ = 0;
};

}  // namespace

Result<std::string> check_index(sqlite::Connection& db) {
  CORTEX_ASSIGN(const Backlog backlog, read_backlog(db));
  if (backlog.missing) return std::string("there is none, or one of another version");
  if (backlog.any()) {
    return cat("it lacks ", counted(static_cast<std::uint64_t>(backlog.events), "event"), " and ",
               backlog.memories, " changes of memories");
  }
  CORTEX_ASSIGN(const auto state, read_index_state(db));
  auto reader = IndexReader::open(db, state);
  Status status = reader.ok() ? IndexCheck(db, *state, std::move(reader).value()).run()
                              : Status(std::move(reader).error());
  if (status.ok()) status = check_vectors(db);
  if (status.ok()) return std::string();
  if (status.error().token == kCorruptToken) return status.error().message;
  return std::move(status).error();
}

}  // namespace cortex::retrieval
