#include "retrieval/searcher.h"
#include "retrieval/store_rows.h"
#include "retrieval/vector_index.h"

#include "base/text.h"

namespace cortex::retrieval {

Result<Searcher> Searcher::open(sqlite::Connection& db) {
  CORTEX_ASSIGN(const auto state, read_index_state(db));
  CORTEX_ASSIGN(auto reader, IndexReader::open(db, state));
  Searcher searcher(db, std::move(reader));
  CORTEX_ASSIGN(const Backlog backlog, read_backlog(db));
  if (backlog.any()) {
    DocumentMaker maker;
    CORTEX_TRY(searcher.add_unindexed(state, maker));
  }
  return searcher;
}

Status Searcher::add_unindexed(const std::optional<IndexState>& state, DocumentMaker& maker) {
  CORTEX_ASSIGN(auto events, db_->prepare(cat("SELECT ", kEventRowColumns,
                                              " FROM events WHERE rowid > ?1 ORDER BY rowid")));
  CORTEX_TRY(events.bind_all(state ? state->events_rowid : 0));
  for (;;) {
    CORTEX_ASSIGN(const bool more, events.step());
    if (!more) break;
    const EventRow row = event_row(events);
    ++unindexed_;
    if (is_operation(row)) continue;
    CORTEX_TRY(reader_.add_unindexed(maker.make(row)));
  }
  if (state) {
    CORTEX_ASSIGN(auto pending, db_->prepare("SELECT ref FROM cortex_recall_pending"));
    for (;;) {
      CORTEX_ASSIGN(const bool more, pending.step());
      if (!more) break;
      reader_.hide_memory(pending.column_int(0));
    }
  }
  const std::string_view which =
      state ? " WHERE m.rowid IN (SELECT ref FROM cortex_recall_pending)" : "";
  CORTEX_ASSIGN(auto memories, db_->prepare(cat("SELECT ", kMemoryRowColumns, " FROM memories m",
                                                which, " ORDER BY m.rowid")));
  for (;;) {
    CORTEX_ASSIGN(const bool more, memories.step());
    if (!more) return {};
    const MemoryRow row = memory_row(memories, 0);
    ++unindexed_;
    CORTEX_TRY(reader_.add_unindexed(maker.make(row)));
  }
}

// False when a name is unknown, so that nothing can match.
Result<bool> Searcher::resolve(const SearchRequest& request, Filter& filter) {
  filter.since = request.since;
  filter.until = request.until;
  filter.as_of = request.as_of;
  filter.events = request.events;
  filter.memories = request.memories;
  filter.active_only = request.active_only;
  if (request.session) {
    CORTEX_ASSIGN(filter.session, reader_.session_id(*request.session));
    if (*filter.session == 0) return false;
  }
  if (request.source) {
    CORTEX_ASSIGN(filter.sources, reader_.source_ids(*request.source));
    if (filter.sources->empty()) return false;
  }
  return true;
}

// Empty when vectors are not asked for, the question has no known token, or there are none.
Result<std::vector<float>> Searcher::likeness(const SearchRequest& request) {
  if (request.vectors == nullptr || reader_.docs() == 0) return std::vector<float>();
  CORTEX_ASSIGN(const auto query, request.vectors->embed(request.query));
  if (!query) return std::vector<float>();
  return similarities(*db_, *request.vectors, *query, reader_.indexed());
}

Result<SearchResult> Searcher::search(const SearchRequest& request, const Weights& weights) {
  SearchResult result;
  result.query = parse_query(*analyzer_, request.query, request.now);
  result.unindexed = unindexed_;
  for (const QueryTerm& term : result.query.terms) result.terms.push_back(term.term);
  for (const RelatedWord& word : result.query.related) result.related.push_back(word.term);
  Filter filter;
  CORTEX_ASSIGN(const bool possible, resolve(request, filter));
  const Work before = reader_.work();
  if (possible) {
    CORTEX_ASSIGN(const std::vector<float> alike, likeness(request));
    result.vectors = !alike.empty();
    CORTEX_ASSIGN(result.hits, rank(reader_, result.query, filter, request.wanted, weights, alike));
  }
  result.work = {reader_.work().rows - before.rows, reader_.work().postings - before.postings};
  return result;
}

}  // namespace cortex::retrieval
