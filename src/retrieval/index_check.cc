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

// The rows that are indexed, in the order of their documents.
class IndexedRows {
 public:
  // `maker` holds what is answered last.
  static Result<IndexedRows> open(sqlite::Connection& db, const IndexState& state,
                                  DocumentMaker& maker) {
    CORTEX_ASSIGN(auto events, db.prepare(cat("SELECT ", kEventRowColumns,
                                              " FROM events WHERE rowid <= ?1 ORDER BY rowid")));
    CORTEX_TRY(events.bind_all(state.events_rowid));
    CORTEX_ASSIGN(
        auto memories,
        db.prepare(cat(
            "SELECT k.doc, ", kMemoryRowColumns,
            " FROM cortex_recall_memories k JOIN memories m ON m.rowid = k.ref ORDER BY k.doc")));
    return IndexedRows(std::move(events), std::move(memories), maker);
  }

  // What the next event says; nothing behind the last one.
  Result<const Document*> next_event() {
    for (;;) {
      CORTEX_ASSIGN(const bool more, events_.step());
      if (!more) return nullptr;
      const EventRow row = event_row(events_);
      if (!is_operation(row)) return &maker_->make(row);
    }
  }
  // What the next memory says, if it is that of `doc`; with 0 whatever comes next.
  Result<const Document*> next_memory(DocId doc) {
    CORTEX_ASSIGN(const bool more, memories_.step());
    if (!more || (doc != 0 && memories_.column_int(0) != doc)) return nullptr;
    return &maker_->make(memory_row(memories_, 1));
  }

 private:
  IndexedRows(sqlite::Statement events, sqlite::Statement memories, DocumentMaker& maker)
      : events_(std::move(events)), memories_(std::move(memories)), maker_(&maker) {}

  sqlite::Statement events_, memories_;
  DocumentMaker* maker_;
};

class IndexCheck {
 public:
  IndexCheck(sqlite::Connection& db, const IndexState& state, IndexReader reader, IndexedRows rows)
      : db_(db), state_(state), reader_(std::move(reader)), rows_(std::move(rows)) {}

  Status run() {
    CORTEX_TRY(check_documents());
    return check_postings();
  }

 private:
  // Each document against its row, and what its postings must add up to.
  Status check_documents() {
    std::uint64_t live = 0;
    for (DocId doc = 1; doc <= state_.docs; ++doc) {
      CORTEX_ASSIGN(const DocRecord* found, reader_.record(doc));
      const DocRecord record = *found;
      std::uint16_t length = 0;
      CORTEX_TRY(reader_.forward(doc, length, terms_));
      if (doc <= state_.sealed) add_expected(doc, length);
      if ((record.flags & kFlagDeleted) != 0) continue;
      ++live;
      const bool event = record.kind == Kind::kEvent;
      CORTEX_ASSIGN(const Document* made, event ? rows_.next_event() : rows_.next_memory(doc));
      if (made == nullptr || !same(record, length, *made)) {
        return corrupt_index(cat("document ", doc, " is not what its row says"));
      }
    }
    CORTEX_ASSIGN(const Document* event, rows_.next_event());
    CORTEX_ASSIGN(const Document* memory, rows_.next_memory(0));
    if (event == nullptr && memory == nullptr && live == state_.live) return {};
    return corrupt_index("it counts other documents");
  }

  bool same(const DocRecord& record, std::uint16_t length, const Document& made) const {
    const DocRecord wanted = record_of(made);
    return record.ref == wanted.ref && record.time == wanted.time &&
           record.observed == wanted.observed && record.length == wanted.length &&
           record.speaker == wanted.speaker && record.kind == wanted.kind &&
           record.flags == wanted.flags && length == made.length &&
           std::ranges::equal(terms_, made.terms);
  }

  void add_expected(DocId doc, std::uint16_t length) {
    const std::uint8_t code = encode_length(length);
    for (const DocTerm& t : terms_) expected_ += posting_sum(t.term, doc, t.count, code);
  }

  // Each list of each segment, once.
  Status check_postings() {
    std::uint64_t found = 0;
    CORTEX_ASSIGN(auto select, db_.prepare("SELECT id, df, postings FROM cortex_recall_terms WHERE"
                                           " id BETWEEN ?1 AND ?2 ORDER BY id"));
    for (const Segment& segment : reader_.segments()) {
      select.reset();
      CORTEX_TRY(select.bind_all(term_row(segment.id, 0), term_row(segment.id, kTermMask)));
      for (;;) {
        CORTEX_ASSIGN(const bool more, select.step());
        if (!more) break;
        CORTEX_TRY(add_list(segment, select, found));
      }
    }
    if (expected_ == found) return {};
    return corrupt_index("its postings are not those of its documents");
  }

  Status add_list(const Segment& segment, const sqlite::Statement& row, std::uint64_t& sum) {
    const Term term = static_cast<Term>(row.column_int(0)) & kTermMask;
    PostingReader list(row.column_blob(2), segment.first, segment.size());
    std::uint64_t documents = 0;
    while (list.next(block_)) {
      documents += block_.size;
      for (std::size_t i = 0; i < block_.size; ++i) {
        sum += posting_sum(term, block_.docs[i], block_.counts[i], block_.lengths[i]);
      }
    }
    if (!list.ok()) return corrupt_index("a posting list is unreadable");
    if (documents == static_cast<std::uint64_t>(row.column_int(1))) return {};
    return corrupt_index("a posting list has another length than it says");
  }

  sqlite::Connection& db_;
  IndexState state_;
  IndexReader reader_;
  IndexedRows rows_;
  std::vector<DocTerm> terms_;
  PostingBlock block_;
  std::uint64_t expected_ = 0;  // the sum over the postings of the sealed documents
};

// What is wrong with the tables is an error with kCorruptToken.
Status check_tables(sqlite::Connection& db) {
  CORTEX_ASSIGN(const auto state, read_index_state(db));
  CORTEX_ASSIGN(auto reader, IndexReader::open(db, state));
  DocumentMaker maker;
  CORTEX_ASSIGN(auto rows, IndexedRows::open(db, *state, maker));
  CORTEX_TRY(IndexCheck(db, *state, std::move(reader), std::move(rows)).run());
  return check_vectors(db);
}

}  // namespace

Result<std::string> check_index(sqlite::Connection& db) {
  CORTEX_ASSIGN(const Backlog backlog, read_backlog(db));
  if (backlog.missing) return std::string("there is none, or one of another version");
  if (backlog.any()) {
    return cat("it lacks ", counted(static_cast<std::uint64_t>(backlog.events), "event"), " and ",
               backlog.memories, " changes of memories");
  }
  Status status = check_tables(db);
  if (status.ok()) return std::string();
  if (status.error().token == kCorruptToken) return status.error().message;
  return std::move(status).error();
}

}  // namespace cortex::retrieval
