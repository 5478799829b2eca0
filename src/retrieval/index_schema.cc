#include "retrieval/index_schema.h"

#include <array>

#include "base/text.h"
#include "retrieval/analyzer.h"
#include "store/schema_query.h"

namespace cortex::retrieval {
namespace {

// cortex_recall_postings is of format 1.
constexpr std::array<std::string_view, 11> kTables{
    "cortex_recall",          "cortex_recall_segments", "cortex_recall_terms",
    "cortex_recall_postings", "cortex_recall_docs",     "cortex_recall_blocks",
    "cortex_recall_names",    "cortex_recall_memories", "cortex_recall_deleted",
    "cortex_recall_pending",  "cortex_recall_vectors"};
constexpr std::array<std::string_view, 5> kTriggers{
    "cortex_recall_event_changed", "cortex_recall_event_deleted", "cortex_recall_memory_added",
    "cortex_recall_memory_changed", "cortex_recall_memory_deleted"};

constexpr std::string_view kCreate = R"sql(
CREATE TABLE cortex_recall (
  id INTEGER PRIMARY KEY CHECK (id = 1), format INTEGER NOT NULL, analyzer INTEGER NOT NULL,
  docs INTEGER NOT NULL, sealed INTEGER NOT NULL, live INTEGER NOT NULL,
  total_length INTEGER NOT NULL, events_rowid INTEGER NOT NULL);
CREATE TABLE cortex_recall_segments (
  id INTEGER PRIMARY KEY, first_doc INTEGER NOT NULL, last_doc INTEGER NOT NULL,
  postings INTEGER NOT NULL);
CREATE TABLE cortex_recall_terms (
  id INTEGER PRIMARY KEY, df INTEGER NOT NULL, postings BLOB NOT NULL);
CREATE TABLE cortex_recall_docs (doc INTEGER PRIMARY KEY, terms BLOB NOT NULL);
CREATE TABLE cortex_recall_blocks (block INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE cortex_recall_names (
  id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL,
  last_doc INTEGER NOT NULL DEFAULT 0, UNIQUE (kind, name));
CREATE TABLE cortex_recall_memories (ref INTEGER PRIMARY KEY, doc INTEGER NOT NULL);
CREATE TABLE cortex_recall_deleted (doc INTEGER PRIMARY KEY);
CREATE TABLE cortex_recall_pending (ref INTEGER PRIMARY KEY);
CREATE TABLE cortex_recall_vectors (
  block INTEGER PRIMARY KEY, model BLOB NOT NULL, dim INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TRIGGER cortex_recall_event_changed
  AFTER UPDATE OF observed_at, source_json, session_id, trace_id, payload_json ON events
  BEGIN DELETE FROM cortex_recall; END;
CREATE TRIGGER cortex_recall_event_deleted AFTER DELETE ON events
  BEGIN DELETE FROM cortex_recall; END;
CREATE TRIGGER cortex_recall_memory_added AFTER INSERT ON memories
  BEGIN INSERT OR IGNORE INTO cortex_recall_pending (ref) VALUES (NEW.rowid); END;
CREATE TRIGGER cortex_recall_memory_changed
  AFTER UPDATE OF claim, domains_json, status ON memories
  BEGIN INSERT OR IGNORE INTO cortex_recall_pending (ref) VALUES (NEW.rowid); END;
CREATE TRIGGER cortex_recall_memory_deleted AFTER DELETE ON memories
  BEGIN INSERT OR IGNORE INTO cortex_recall_pending (ref) VALUES (OLD.rowid); END;
INSERT INTO cortex_recall_pending (ref) SELECT rowid FROM memories;
)sql";

}  // namespace

Error corrupt_index(std::string_view what) {
  return make_error(Code::kIntegrity, cat("the search index is damaged: ", what),
                    "ledger and store hold everything",
                    "run `cortex doctor --repair`, which builds it anew", kCorruptToken);
}

Result<std::optional<IndexState>> read_index_state(sqlite::Connection& db) {
  CORTEX_ASSIGN(const bool present, store::object_exists(db, "table", "cortex_recall"));
  if (!present) return std::optional<IndexState>();
  auto select = db.prepare(
      "SELECT docs, sealed, live, total_length, events_rowid FROM cortex_recall WHERE id = 1 AND "
      "format = ?1 AND analyzer = ?2");
  if (!select.ok()) return std::optional<IndexState>();  // a table of that name, but not ours
  CORTEX_TRY(select->bind_all(kIndexFormat, kAnalyzerVersion));
  CORTEX_ASSIGN(const bool found, select->step());
  if (!found) return std::optional<IndexState>();
  IndexState state;
  state.docs = static_cast<DocId>(select->column_int(0));
  state.sealed = static_cast<DocId>(select->column_int(1));
  state.live = static_cast<std::uint64_t>(select->column_int(2));
  state.total_length = static_cast<std::uint64_t>(select->column_int(3));
  state.events_rowid = select->column_int(4);
  return std::optional(state);
}

Status write_index_state(sqlite::Connection& db, const IndexState& state) {
  CORTEX_ASSIGN(auto save, db.prepare("INSERT OR REPLACE INTO cortex_recall(id, format, analyzer,"
                                      " docs, sealed, live, total_length, events_rowid)"
                                      " VALUES(1,?1,?2,?3,?4,?5,?6,?7)"));
  CORTEX_TRY(save.bind_all(kIndexFormat, kAnalyzerVersion, state.docs, state.sealed, state.live,
                           state.total_length, state.events_rowid));
  return save.run();
}

Result<std::vector<Segment>> read_segments(sqlite::Connection& db) {
  CORTEX_ASSIGN(auto select,
                db.prepare("SELECT id, first_doc, last_doc, postings FROM cortex_recall_segments"
                           " ORDER BY first_doc"));
  std::vector<Segment> segments;
  DocId next = 1;
  for (;;) {
    CORTEX_ASSIGN(const bool more, select.step());
    if (!more) return segments;
    Segment s;
    s.id = select.column_int(0);
    s.first = static_cast<DocId>(select.column_int(1));
    s.last = static_cast<DocId>(select.column_int(2));
    s.postings = static_cast<std::uint64_t>(select.column_int(3));
    if (s.first != next || s.last < s.first || s.size() > kSegmentDocsMax) {
      return corrupt_index("its segments do not follow each other");
    }
    next = s.last + 1;
    segments.push_back(s);
  }
}

Status write_segment_row(sqlite::Connection& db, const Segment& segment) {
  CORTEX_ASSIGN(auto insert, db.prepare("INSERT INTO cortex_recall_segments(id, first_doc,"
                                        " last_doc, postings) VALUES(?1,?2,?3,?4)"));
  CORTEX_TRY(insert.bind_all(segment.id, segment.first, segment.last, segment.postings));
  return insert.run();
}

Status reset_index(sqlite::Connection& db) {
  for (const std::string_view trigger : kTriggers) {
    CORTEX_TRY(db.exec(cat("DROP TRIGGER IF EXISTS ", trigger)));
  }
  for (const std::string_view table : kTables) {
    CORTEX_TRY(db.exec(cat("DROP TABLE IF EXISTS ", table)));
  }
  CORTEX_TRY(db.exec(std::string(kCreate)));
  return write_index_state(db, IndexState{});
}

Result<Backlog> read_backlog(sqlite::Connection& db) {
  Backlog backlog;
  CORTEX_ASSIGN(const auto state, read_index_state(db));
  backlog.missing = !state;
  const std::int64_t known = state ? state->events_rowid : 0;
  CORTEX_ASSIGN(const std::int64_t last, db.query_int("SELECT ifnull(max(rowid), 0) FROM events"));
  backlog.events = last > known ? last - known : 0;
  const std::string_view pending =
      state ? "SELECT count(*) FROM cortex_recall_pending" : "SELECT count(*) FROM memories";
  CORTEX_ASSIGN(backlog.memories, db.query_int(pending));
  return backlog;
}

}  // namespace cortex::retrieval
