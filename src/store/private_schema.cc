#include "store/private_schema.h"

#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "sqlite/transaction.h"
#include "store/followed_tables.h"
#include "store/schema_query.h"

namespace cortex::store {
namespace {

struct PrivateObject {
  std::string_view type;
  std::string_view name;
  std::string_view sql;
  // What the object is built on; empty for tables.
  std::string_view base_table{};
  std::string_view base_column{};
};

constexpr PrivateObject kObjects[] = {
    {"table", "cortex_mirror", R"sql(CREATE TABLE IF NOT EXISTS cortex_mirror (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  offset_bytes INTEGER NOT NULL,
  rows INTEGER NOT NULL,
  head_hash TEXT,
  max_event_id TEXT,
  updated_at TEXT NOT NULL))sql"},
    {"table", "cortex_mirror_conflicts", R"sql(CREATE TABLE IF NOT EXISTS cortex_mirror_conflicts (
  event_id TEXT NOT NULL,
  ledger_row INTEGER NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL,
  store_row_json TEXT,
  recorded_at TEXT NOT NULL))sql"},
    {"table", "cortex_operations", R"sql(CREATE TABLE IF NOT EXISTS cortex_operations (
  event_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  outcome TEXT NOT NULL CHECK (outcome IN ('applied', 'unknown', 'failed')),
  detail TEXT NOT NULL) WITHOUT ROWID)sql"},
    {"table", "cortex_embedding_content",
     R"sql(CREATE TABLE IF NOT EXISTS cortex_embedding_content (
  memory_id TEXT NOT NULL,
  backend_id TEXT NOT NULL,
  content_hash TEXT NOT NULL,
  PRIMARY KEY (memory_id, backend_id)) WITHOUT ROWID)sql"},
    {"table", "cortex_authority_keys", R"sql(CREATE TABLE IF NOT EXISTS cortex_authority_keys (
  key_id TEXT PRIMARY KEY,
  public_key TEXT NOT NULL,
  bound_at TEXT NOT NULL) WITHOUT ROWID)sql"},
    // memory_history.h, outcomes.h, contradictions.h, claim_marks.h
    {"table", "cortex_memory_history", R"sql(CREATE TABLE IF NOT EXISTS cortex_memory_history (
  seq INTEGER PRIMARY KEY,
  memory_id TEXT NOT NULL,
  event_id TEXT NOT NULL,
  operation TEXT NOT NULL,
  known_at TEXT NOT NULL,
  status TEXT NOT NULL,
  domains_json TEXT NOT NULL,
  use_count INTEGER NOT NULL,
  validation_epoch INTEGER NOT NULL,
  valid_from TEXT,
  valid_until TEXT,
  other_id TEXT NOT NULL,
  actor TEXT NOT NULL,
  reason TEXT NOT NULL,
  UNIQUE (memory_id, event_id)))sql"},
    {"index", "cortex_memory_history_times",
     R"sql(CREATE INDEX IF NOT EXISTS cortex_memory_history_times
  ON cortex_memory_history (known_at))sql"},
    {"index", "cortex_memory_history_order",
     R"sql(CREATE INDEX IF NOT EXISTS cortex_memory_history_order
  ON cortex_memory_history (memory_id, seq))sql"},
    // Those of noted_by_agents(), whose conditions it repeats word for word.
    {"index", "cortex_memory_history_agents",
     R"sql(CREATE INDEX IF NOT EXISTS cortex_memory_history_agents
  ON cortex_memory_history (memory_id) WHERE actor = 'agent' AND operation = 'memory.note')sql"},
    {"table", "cortex_outcomes", R"sql(CREATE TABLE IF NOT EXISTS cortex_outcomes (
  event_id TEXT PRIMARY KEY,
  memory_id TEXT NOT NULL,
  session_id TEXT NOT NULL,
  result TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  note TEXT) WITHOUT ROWID)sql"},
    {"index", "cortex_outcomes_memory", R"sql(CREATE INDEX IF NOT EXISTS cortex_outcomes_memory
  ON cortex_outcomes (memory_id))sql"},
    {"table", "cortex_precedence", R"sql(CREATE TABLE IF NOT EXISTS cortex_precedence (
  contradiction_id TEXT PRIMARY KEY,
  winner TEXT NOT NULL,
  loser TEXT NOT NULL,
  reason TEXT NOT NULL,
  event_id TEXT NOT NULL) WITHOUT ROWID)sql"},
    // decay_jobs.h
    {"table", "cortex_decay_jobs", R"sql(CREATE TABLE IF NOT EXISTS cortex_decay_jobs (
  job_id TEXT PRIMARY KEY,
  supersede INTEGER NOT NULL,
  runner TEXT NOT NULL,
  lease_until TEXT NOT NULL,
  cancel_reason TEXT NOT NULL) WITHOUT ROWID)sql"},
    {"table", "cortex_claim_marks", R"sql(CREATE TABLE IF NOT EXISTS cortex_claim_marks (
  mark INTEGER NOT NULL,
  memory_row INTEGER NOT NULL,
  PRIMARY KEY (mark, memory_row)) WITHOUT ROWID)sql"},
    {"table", "cortex_claim_marks_done",
     R"sql(CREATE TABLE IF NOT EXISTS cortex_claim_marks_done (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  memory_row INTEGER NOT NULL))sql"},
    // The condition repeats the one of the schema check word for word: that is how SQLite sees that
    // the index answers it.
    {"index", "cortex_events_newer", R"sql(CREATE INDEX IF NOT EXISTS cortex_events_newer
  ON events (id) WHERE schema_version > 2)sql",
     "events", "schema_version"},
    {"index", "cortex_traces_newer", R"sql(CREATE INDEX IF NOT EXISTS cortex_traces_newer
  ON traces (id) WHERE schema_version > 2)sql",
     "traces", "schema_version"},
    // Pages of memories in their usual order, and counts by status.
    {"index", "cortex_memories_listed", R"sql(CREATE INDEX IF NOT EXISTS cortex_memories_listed
  ON memories (status, updated_at DESC, id))sql",
     "memories", "updated_at"},
    // Contradictions by either side.
    {"index", "cortex_contradictions_left",
     R"sql(CREATE INDEX IF NOT EXISTS cortex_contradictions_left
  ON contradictions (left_ref))sql",
     "contradictions", "left_ref"},
    {"index", "cortex_contradictions_right",
     R"sql(CREATE INDEX IF NOT EXISTS cortex_contradictions_right
  ON contradictions (right_ref))sql",
     "contradictions", "right_ref"},
    // memory_tally.h: how many active memories there are of each kind, and which. Conditions repeat
    // those of the queries word for word.
    {"index", "cortex_memories_confidence",
     R"sql(CREATE INDEX IF NOT EXISTS cortex_memories_confidence
  ON memories (confidence) WHERE status = 'active')sql",
     "memories", "confidence"},
    {"index", "cortex_memories_created", R"sql(CREATE INDEX IF NOT EXISTS cortex_memories_created
  ON memories (created_at) WHERE status = 'active')sql",
     "memories", "created_at"},
    {"index", "cortex_memories_unvalidated",
     R"sql(CREATE INDEX IF NOT EXISTS cortex_memories_unvalidated
  ON memories (status) WHERE coalesce(validation_epoch, 0) = 0)sql",
     "memories", "validation_epoch"},
    {"index", "cortex_memories_unused", R"sql(CREATE INDEX IF NOT EXISTS cortex_memories_unused
  ON memories (status) WHERE coalesce(cross_session_use_count, 0) = 0)sql",
     "memories", "cross_session_use_count"},
    {"index", "cortex_memories_weak", R"sql(CREATE INDEX IF NOT EXISTS cortex_memories_weak
  ON memories (status) WHERE coalesce(cross_session_use_count, 0) > 5)sql",
     "memories", "cross_session_use_count"},
    // The full-text row of a memory by its id, and the triggers that use it: those of the migration
    // look through all rows, whatever column of a memory changes. One object: they come together.
    {"index", "cortex_memories_fts_ids",
     R"sql(CREATE INDEX IF NOT EXISTS cortex_memories_fts_ids ON memories_fts_content (c0);
DROP TRIGGER IF EXISTS memories_fts_update;
CREATE TRIGGER memories_fts_update AFTER UPDATE ON memories
  WHEN OLD.id IS NOT NEW.id OR OLD.claim IS NOT NEW.claim
    OR OLD.domains_json IS NOT NEW.domains_json BEGIN
  DELETE FROM memories_fts WHERE rowid IN (SELECT id FROM memories_fts_content WHERE c0 = OLD.id);
  INSERT INTO memories_fts (memory_id, claim, domains_json)
  VALUES (NEW.id, NEW.claim, NEW.domains_json);
END;
DROP TRIGGER IF EXISTS memories_fts_delete;
CREATE TRIGGER memories_fts_delete AFTER DELETE ON memories BEGIN
  DELETE FROM memories_fts WHERE rowid IN (SELECT id FROM memories_fts_content WHERE c0 = OLD.id);
END)sql",
     "memories_fts", "memory_id"},
    // Reference 0.1.2 mirrors with plain INSERTs: a row that is mirrored already is no error.
    {"trigger", "cortex_events_again", R"sql(CREATE TRIGGER IF NOT EXISTS cortex_events_again
  BEFORE INSERT ON events
  WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id AND event_hash = NEW.event_hash)
  BEGIN SELECT RAISE(IGNORE); END)sql",
     "events", "event_hash"},
    // Whoever takes a mirrored row away: the next catch-up goes through the whole ledger again.
    {"trigger", "cortex_events_deleted", R"sql(CREATE TRIGGER IF NOT EXISTS cortex_events_deleted
  AFTER DELETE ON events BEGIN DELETE FROM cortex_mirror; END)sql",
     "events", "id"},
};

struct Missing {
  SchemaTexts present;
  std::vector<const PrivateObject*> objects;
  bool followed_tables = false;

  bool any() const { return followed_tables || !objects.empty(); }
};

Result<SchemaTexts> private_texts(sqlite::Connection& connection) {
  CORTEX_ASSIGN(auto rows, connection.prepare("SELECT type || ' ' || name, sql FROM sqlite_schema"
                                              " WHERE name GLOB 'cortex_*'"));
  SchemaTexts texts;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return texts;
    texts.emplace(rows.column_text(0), rows.column_text(1));
  }
}

Result<Missing> find_missing(sqlite::Connection& connection) {
  Missing missing;
  CORTEX_ASSIGN(missing.present, private_texts(connection));
  for (const PrivateObject& object : kObjects) {
    if (missing.present.contains(cat(object.type, " ", object.name))) continue;
    if (!object.base_table.empty()) {
      CORTEX_ASSIGN(const bool possible,
                    column_exists(connection, object.base_table, object.base_column));
      if (!possible) continue;
    }
    missing.objects.push_back(&object);
  }
  if (!are_followed_tables_complete(missing.present)) {
    CORTEX_ASSIGN(missing.followed_tables,
                  column_exists(connection, "memories", "validation_epoch"));
  }
  return missing;
}

}  // namespace

Result<bool> is_private_schema_complete(sqlite::Connection& connection) {
  CORTEX_ASSIGN(const Missing missing, find_missing(connection));
  return !missing.any();
}

Status ensure_private_schema(sqlite::Connection& connection) {
  CORTEX_ASSIGN(const bool complete, is_private_schema_complete(connection));
  if (complete) return {};
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(connection, sqlite::Transaction::Kind::kImmediate));
  // Looked at again now that nobody else can write: another process may have made it meanwhile.
  CORTEX_ASSIGN(const Missing missing, find_missing(connection));
  for (const PrivateObject* object : missing.objects) {
    CORTEX_TRY(connection.exec(std::string(object->sql)));
  }
  if (missing.followed_tables) {
    CORTEX_TRY(ensure_followed_tables(connection, missing.present));
  }
  return transaction.commit();
}

}  // namespace cortex::store
