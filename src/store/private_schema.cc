#include "store/private_schema.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "sqlite/transaction.h"
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
    // Memories by tag, in the same order, and counts by tag. Whoever writes memories, the triggers
    // follow; the first one fills the table anew.
    {"table", "cortex_memory_tags", R"sql(CREATE TABLE IF NOT EXISTS cortex_memory_tags (
  tag TEXT NOT NULL,
  status TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  memory_id TEXT NOT NULL,
  memory_row INTEGER NOT NULL,
  PRIMARY KEY (tag, status, updated_at DESC, memory_id)) WITHOUT ROWID)sql"},
    {"trigger", "cortex_memory_tags_added", R"sql(DELETE FROM cortex_memory_tags;
INSERT OR IGNORE INTO cortex_memory_tags SELECT value, status, updated_at, memories.id,
  memories.rowid FROM memories, json_each(CASE WHEN json_valid(domains_json) THEN domains_json
  ELSE '[]' END) WHERE json_each.type = 'text';
CREATE TRIGGER IF NOT EXISTS cortex_memory_tags_added AFTER INSERT ON memories
  BEGIN
  INSERT OR IGNORE INTO cortex_memory_tags SELECT value, NEW.status, NEW.updated_at, NEW.id,
    NEW.rowid FROM json_each(CASE WHEN json_valid(NEW.domains_json) THEN NEW.domains_json
    ELSE '[]' END) WHERE type = 'text';
  END)sql",
     "memories", "updated_at"},
    {"trigger", "cortex_memory_tags_changed",
     R"sql(CREATE TRIGGER IF NOT EXISTS cortex_memory_tags_changed
  AFTER UPDATE OF id, status, updated_at, domains_json ON memories
  BEGIN
  DELETE FROM cortex_memory_tags WHERE tag IN (SELECT value FROM json_each(CASE WHEN
    json_valid(OLD.domains_json) THEN OLD.domains_json ELSE '[]' END) WHERE type = 'text')
    AND status = OLD.status AND updated_at = OLD.updated_at AND memory_id = OLD.id;
  INSERT OR IGNORE INTO cortex_memory_tags SELECT value, NEW.status, NEW.updated_at, NEW.id,
    NEW.rowid FROM json_each(CASE WHEN json_valid(NEW.domains_json) THEN NEW.domains_json
    ELSE '[]' END) WHERE type = 'text';
  END)sql",
     "memories", "updated_at"},
    {"trigger", "cortex_memory_tags_removed",
     R"sql(CREATE TRIGGER IF NOT EXISTS cortex_memory_tags_removed AFTER DELETE ON memories
  BEGIN
  DELETE FROM cortex_memory_tags WHERE tag IN (SELECT value FROM json_each(CASE WHEN
    json_valid(OLD.domains_json) THEN OLD.domains_json ELSE '[]' END) WHERE type = 'text')
    AND status = OLD.status AND updated_at = OLD.updated_at AND memory_id = OLD.id;
  END)sql",
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
    {"table", "cortex_memory_tally", R"sql(CREATE TABLE IF NOT EXISTS cortex_memory_tally (
  confidence INTEGER NOT NULL,
  created TEXT NOT NULL,
  uses INTEGER NOT NULL,
  unvalidated INTEGER NOT NULL,
  memories INTEGER NOT NULL,
  PRIMARY KEY (confidence, created, uses, unvalidated)) WITHOUT ROWID)sql"},
    {"trigger", "cortex_memory_tally_added", R"sql(DELETE FROM cortex_memory_tally;
INSERT INTO cortex_memory_tally SELECT CAST(confidence * 100 AS INTEGER),
  substr(created_at, 1, 10),
  min(coalesce(cross_session_use_count, 0), 6),
  coalesce(validation_epoch, 0) = 0, count(*)
  FROM memories WHERE status = 'active' GROUP BY 1, 2, 3, 4;
CREATE TRIGGER IF NOT EXISTS cortex_memory_tally_added
  AFTER INSERT ON memories WHEN NEW.status = 'active'
  BEGIN
  INSERT INTO cortex_memory_tally SELECT CAST(NEW.confidence * 100 AS INTEGER),
    substr(NEW.created_at, 1, 10),
    min(coalesce(NEW.cross_session_use_count, 0), 6),
    coalesce(NEW.validation_epoch, 0) = 0, 0
    WHERE NOT EXISTS (SELECT 1 FROM cortex_memory_tally
      WHERE confidence = CAST(NEW.confidence * 100 AS INTEGER)
    AND created = substr(NEW.created_at, 1, 10)
    AND uses = min(coalesce(NEW.cross_session_use_count, 0), 6)
    AND unvalidated = (coalesce(NEW.validation_epoch, 0) = 0));
  UPDATE cortex_memory_tally SET memories = memories + 1
    WHERE confidence = CAST(NEW.confidence * 100 AS INTEGER)
    AND created = substr(NEW.created_at, 1, 10)
    AND uses = min(coalesce(NEW.cross_session_use_count, 0), 6)
    AND unvalidated = (coalesce(NEW.validation_epoch, 0) = 0);
  END)sql",
     "memories", "validation_epoch"},
    {"trigger", "cortex_memory_tally_left",
     R"sql(CREATE TRIGGER IF NOT EXISTS cortex_memory_tally_left
  AFTER UPDATE OF id, status, confidence,
    created_at, validation_epoch, cross_session_use_count
  ON memories WHEN OLD.status = 'active'
  BEGIN
  UPDATE cortex_memory_tally SET memories = memories - 1
    WHERE confidence = CAST(OLD.confidence * 100 AS INTEGER)
    AND created = substr(OLD.created_at, 1, 10)
    AND uses = min(coalesce(OLD.cross_session_use_count, 0), 6)
    AND unvalidated = (coalesce(OLD.validation_epoch, 0) = 0);
  END)sql",
     "memories", "validation_epoch"},
    {"trigger", "cortex_memory_tally_came",
     R"sql(CREATE TRIGGER IF NOT EXISTS cortex_memory_tally_came
  AFTER UPDATE OF id, status, confidence,
    created_at, validation_epoch, cross_session_use_count
  ON memories WHEN NEW.status = 'active'
  BEGIN
  INSERT INTO cortex_memory_tally SELECT CAST(NEW.confidence * 100 AS INTEGER),
    substr(NEW.created_at, 1, 10),
    min(coalesce(NEW.cross_session_use_count, 0), 6),
    coalesce(NEW.validation_epoch, 0) = 0, 0
    WHERE NOT EXISTS (SELECT 1 FROM cortex_memory_tally
      WHERE confidence = CAST(NEW.confidence * 100 AS INTEGER)
    AND created = substr(NEW.created_at, 1, 10)
    AND uses = min(coalesce(NEW.cross_session_use_count, 0), 6)
    AND unvalidated = (coalesce(NEW.validation_epoch, 0) = 0));
  UPDATE cortex_memory_tally SET memories = memories + 1
    WHERE confidence = CAST(NEW.confidence * 100 AS INTEGER)
    AND created = substr(NEW.created_at, 1, 10)
    AND uses = min(coalesce(NEW.cross_session_use_count, 0), 6)
    AND unvalidated = (coalesce(NEW.validation_epoch, 0) = 0);
  END)sql",
     "memories", "validation_epoch"},
    {"trigger", "cortex_memory_tally_removed",
     R"sql(CREATE TRIGGER IF NOT EXISTS cortex_memory_tally_removed
  AFTER DELETE ON memories WHEN OLD.status = 'active'
  BEGIN
  UPDATE cortex_memory_tally SET memories = memories - 1
    WHERE confidence = CAST(OLD.confidence * 100 AS INTEGER)
    AND created = substr(OLD.created_at, 1, 10)
    AND uses = min(coalesce(OLD.cross_session_use_count, 0), 6)
    AND unvalidated = (coalesce(OLD.validation_epoch, 0) = 0);
  END)sql",
     "memories", "validation_epoch"},
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

Result<std::vector<const PrivateObject*>> missing_objects(sqlite::Connection& connection) {
  CORTEX_ASSIGN(const auto present, text_column(connection,
                                                "SELECT type || ' ' || name FROM sqlite_schema"
                                                " WHERE name GLOB 'cortex_*'"));
  std::vector<const PrivateObject*> missing;
  for (const PrivateObject& object : kObjects) {
    if (std::ranges::find(present, cat(object.type, " ", object.name)) != present.end()) continue;
    if (!object.base_table.empty()) {
      CORTEX_ASSIGN(const bool possible,
                    column_exists(connection, object.base_table, object.base_column));
      if (!possible) continue;
    }
    missing.push_back(&object);
  }
  return missing;
}

}  // namespace

Result<bool> is_private_schema_complete(sqlite::Connection& connection) {
  CORTEX_ASSIGN(const auto missing, missing_objects(connection));
  return missing.empty();
}

Status ensure_private_schema(sqlite::Connection& connection) {
  CORTEX_ASSIGN(const auto missing, missing_objects(connection));
  if (missing.empty()) return {};
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(connection, sqlite::Transaction::Kind::kImmediate));
  for (const PrivateObject* object : missing) {
    CORTEX_TRY(connection.exec(std::string(object->sql)));
  }
  return transaction.commit();
}

}  // namespace cortex::store
