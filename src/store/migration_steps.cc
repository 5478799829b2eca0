#include "store/migration_steps.h"

#include <array>

#include "store/migrations.h"

namespace cortex::store {
namespace {

constexpr MigrationStep kInit[] = {
    {R"sql(CREATE TABLE IF NOT EXISTS events (
  id TEXT PRIMARY KEY,
  schema_version INTEGER NOT NULL,
  observed_at TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  source_json TEXT NOT NULL CHECK (json_valid(source_json)),
  event_type TEXT NOT NULL,
  trace_id TEXT,
  session_id TEXT,
  domain_tags_json TEXT NOT NULL CHECK (json_valid(domain_tags_json)),
  payload_json TEXT NOT NULL CHECK (json_valid(payload_json)),
  payload_hash TEXT NOT NULL,
  prev_event_hash TEXT,
  event_hash TEXT NOT NULL UNIQUE))sql"},
    {R"sql(CREATE TABLE IF NOT EXISTS traces (
  id TEXT PRIMARY KEY,
  schema_version INTEGER NOT NULL,
  opened_at TEXT NOT NULL,
  closed_at TEXT,
  trace_type TEXT NOT NULL,
  status TEXT NOT NULL))sql"},
    {R"sql(CREATE TABLE IF NOT EXISTS trace_events (
  trace_id TEXT NOT NULL REFERENCES traces(id),
  event_id TEXT NOT NULL REFERENCES events(id),
  ordinal INTEGER NOT NULL,
  PRIMARY KEY (trace_id, event_id),
  UNIQUE (trace_id, ordinal)))sql"},
    {R"sql(CREATE TABLE IF NOT EXISTS episodes (
  id TEXT PRIMARY KEY,
  trace_id TEXT NOT NULL REFERENCES traces(id),
  source_events_json TEXT NOT NULL CHECK (json_valid(source_events_json)),
  summary TEXT NOT NULL,
  domains_json TEXT NOT NULL CHECK (json_valid(domains_json)),
  entities_json TEXT NOT NULL CHECK (json_valid(entities_json)),
  candidate_meaning TEXT,
  extracted_by_json TEXT NOT NULL CHECK (json_valid(extracted_by_json)),
  confidence REAL NOT NULL CHECK (confidence >= 0 AND confidence <= 1),
  status TEXT NOT NULL))sql"},
    {R"sql(CREATE TABLE IF NOT EXISTS memories (
  id TEXT PRIMARY KEY,
  memory_type TEXT NOT NULL,
  status TEXT NOT NULL,
  claim TEXT NOT NULL,
  source_episodes_json TEXT NOT NULL CHECK (json_valid(source_episodes_json)),
  source_events_json TEXT NOT NULL CHECK (json_valid(source_events_json)),
  domains_json TEXT NOT NULL CHECK (json_valid(domains_json)),
  salience_json TEXT NOT NULL CHECK (json_valid(salience_json)),
  confidence REAL NOT NULL CHECK (confidence >= 0 AND confidence <= 1),
  authority TEXT NOT NULL,
  applies_when_json TEXT NOT NULL CHECK (json_valid(applies_when_json)),
  does_not_apply_when_json TEXT NOT NULL CHECK (json_valid(does_not_apply_when_json)),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL))sql"},
    {R"sql(CREATE TABLE IF NOT EXISTS principles (
  id TEXT PRIMARY KEY,
  statement TEXT NOT NULL,
  status TEXT NOT NULL,
  supporting_memories_json TEXT NOT NULL CHECK (json_valid(supporting_memories_json)),
  contradicting_memories_json TEXT NOT NULL CHECK (json_valid(contradicting_memories_json)),
  domains_observed_json TEXT NOT NULL CHECK (json_valid(domains_observed_json)),
  applies_when_json TEXT NOT NULL CHECK (json_valid(applies_when_json)),
  does_not_apply_when_json TEXT NOT NULL CHECK (json_valid(does_not_apply_when_json)),
  confidence REAL NOT NULL CHECK (confidence >= 0 AND confidence <= 1),
  validation REAL NOT NULL CHECK (validation >= 0 AND validation <= 1),
  brightness REAL NOT NULL CHECK (brightness >= 0 AND brightness <= 1),
  created_by_json TEXT NOT NULL CHECK (json_valid(created_by_json)),
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL))sql"},
    {R"sql(CREATE TABLE IF NOT EXISTS doctrine (
  id TEXT PRIMARY KEY,
  source_principle TEXT NOT NULL REFERENCES principles(id),
  rule TEXT NOT NULL,
  force TEXT NOT NULL,
  promotion_reason TEXT NOT NULL,
  promoted_by_json TEXT NOT NULL CHECK (json_valid(promoted_by_json)),
  created_at TEXT NOT NULL))sql"},
    {R"sql(CREATE TABLE IF NOT EXISTS contradictions (
  id TEXT PRIMARY KEY,
  left_ref TEXT NOT NULL,
  right_ref TEXT NOT NULL,
  contradiction_type TEXT NOT NULL,
  status TEXT NOT NULL,
  interpretation TEXT,
  created_at TEXT NOT NULL,
  updated_at TEXT NOT NULL))sql"},
    {R"sql(CREATE TABLE IF NOT EXISTS context_packs (
  id TEXT PRIMARY KEY,
  task TEXT NOT NULL,
  pack_json TEXT NOT NULL CHECK (json_valid(pack_json)),
  selection_audit TEXT NOT NULL,
  created_at TEXT NOT NULL))sql"},
    {R"sql(CREATE TABLE IF NOT EXISTS audit_records (
  id TEXT PRIMARY KEY,
  operation TEXT NOT NULL,
  target_ref TEXT NOT NULL,
  before_hash TEXT,
  after_hash TEXT NOT NULL,
  reason TEXT NOT NULL,
  actor_json TEXT NOT NULL CHECK (json_valid(actor_json)),
  source_refs_json TEXT NOT NULL CHECK (json_valid(source_refs_json)),
  created_at TEXT NOT NULL))sql"},
};

constexpr MigrationStep kAuthorityTimeline[] = {
    {R"sql(CREATE TABLE IF NOT EXISTS authority_key_timeline (
  key_id TEXT NOT NULL,
  principal_id TEXT NOT NULL,
  state TEXT NOT NULL,
  effective_at TEXT NOT NULL,
  reason TEXT,
  audit_ref TEXT,
  PRIMARY KEY (key_id, effective_at, state)))sql"},
    {R"sql(CREATE TABLE IF NOT EXISTS authority_principal_timeline (
  principal_id TEXT NOT NULL,
  trust_tier TEXT NOT NULL,
  effective_at TEXT NOT NULL,
  trust_review_due_at TEXT,
  removed_at TEXT,
  audit_ref TEXT,
  PRIMARY KEY (principal_id, effective_at)))sql"},
};

// Added columns end up in this order behind those of 001; readers of `SELECT *` rely on it.
constexpr MigrationStep kSchemaV2Expand[] = {
    {R"sql(ALTER TABLE events ADD COLUMN source_attestation_json TEXT
  CHECK (source_attestation_json IS NULL OR json_valid(source_attestation_json)))sql",
     "events", "source_attestation_json"},
    {R"sql(ALTER TABLE episodes ADD COLUMN summary_spans_json TEXT
  CHECK (summary_spans_json IS NULL OR json_valid(summary_spans_json)))sql",
     "episodes", "summary_spans_json"},
    {R"sql(ALTER TABLE memories ADD COLUMN summary_spans_json TEXT
  CHECK (summary_spans_json IS NULL OR json_valid(summary_spans_json)))sql",
     "memories", "summary_spans_json"},
    {R"sql(ALTER TABLE memories ADD COLUMN cross_session_use_count INTEGER
  CHECK (cross_session_use_count IS NULL OR cross_session_use_count >= 0))sql",
     "memories", "cross_session_use_count"},
    {"ALTER TABLE memories ADD COLUMN first_used_at TEXT", "memories", "first_used_at"},
    {"ALTER TABLE memories ADD COLUMN last_cross_session_use_at TEXT", "memories",
     "last_cross_session_use_at"},
    {"ALTER TABLE memories ADD COLUMN last_validation_at TEXT", "memories", "last_validation_at"},
    {R"sql(ALTER TABLE memories ADD COLUMN validation_epoch INTEGER
  CHECK (validation_epoch IS NULL OR validation_epoch >= 0))sql",
     "memories", "validation_epoch"},
    {"ALTER TABLE memories ADD COLUMN blessed_until TEXT", "memories", "blessed_until"},
    {R"sql(ALTER TABLE context_packs ADD COLUMN consumer_advisory_json TEXT
  CHECK (consumer_advisory_json IS NULL OR json_valid(consumer_advisory_json)))sql",
     "context_packs", "consumer_advisory_json"},
    {R"sql(CREATE TABLE IF NOT EXISTS memory_session_uses (
  memory_id TEXT NOT NULL REFERENCES memories(id),
  session_id TEXT NOT NULL,
  first_used_at TEXT NOT NULL,
  last_used_at TEXT NOT NULL,
  use_count INTEGER NOT NULL CHECK (use_count >= 0),
  PRIMARY KEY (memory_id, session_id)))sql"},
    {R"sql(CREATE TABLE IF NOT EXISTS outcome_memory_relations (
  outcome_ref TEXT NOT NULL,
  memory_id TEXT NOT NULL REFERENCES memories(id),
  relation TEXT NOT NULL,
  recorded_at TEXT NOT NULL,
  source_event_id TEXT REFERENCES events(id),
  PRIMARY KEY (outcome_ref, memory_id, relation)))sql"},
};

constexpr MigrationStep kPrinciplePromotionPolicyRecord[] = {
    {R"sql(ALTER TABLE doctrine ADD COLUMN composed_policy_decision_json TEXT
  CHECK (composed_policy_decision_json IS NULL OR json_valid(composed_policy_decision_json)))sql",
     "doctrine", "composed_policy_decision_json"},
};

constexpr MigrationStep kOutcomeRelationScope[] = {
    {R"sql(ALTER TABLE outcome_memory_relations ADD COLUMN validation_scope TEXT
  CHECK (validation_scope IS NULL OR length(validation_scope) > 0))sql",
     "outcome_memory_relations", "validation_scope"},
    {R"sql(ALTER TABLE outcome_memory_relations ADD COLUMN validating_principal_id TEXT
  CHECK (validating_principal_id IS NULL OR length(validating_principal_id) > 0))sql",
     "outcome_memory_relations", "validating_principal_id"},
    {R"sql(ALTER TABLE outcome_memory_relations ADD COLUMN evidence_ref TEXT
  CHECK (evidence_ref IS NULL OR length(evidence_ref) > 0))sql",
     "outcome_memory_relations", "evidence_ref"},
};

constexpr MigrationStep kFts5Memories[] = {
    {R"sql(CREATE VIRTUAL TABLE IF NOT EXISTS memories_fts USING fts5(
  memory_id UNINDEXED, claim, domains_json, tokenize = 'trigram'))sql"},
    {R"sql(CREATE TRIGGER IF NOT EXISTS memories_fts_insert AFTER INSERT ON memories BEGIN
  INSERT INTO memories_fts (memory_id, claim, domains_json)
  VALUES (NEW.id, NEW.claim, NEW.domains_json);
END)sql"},
    {R"sql(CREATE TRIGGER IF NOT EXISTS memories_fts_update AFTER UPDATE ON memories BEGIN
  DELETE FROM memories_fts WHERE memory_id = OLD.id;
  INSERT INTO memories_fts (memory_id, claim, domains_json)
  VALUES (NEW.id, NEW.claim, NEW.domains_json);
END)sql"},
    {R"sql(CREATE TRIGGER IF NOT EXISTS memories_fts_delete AFTER DELETE ON memories BEGIN
  DELETE FROM memories_fts WHERE memory_id = OLD.id;
END)sql"},
    // EXCEPT rather than NOT IN: one sort instead of a scan of the full-text table per memory.
    {R"sql(INSERT INTO memories_fts (memory_id, claim, domains_json)
  SELECT id, claim, domains_json FROM memories
  WHERE id IN (SELECT id FROM memories EXCEPT SELECT memory_id FROM memories_fts))sql"},
};

constexpr MigrationStep kEmbeddings[] = {
    {R"sql(CREATE TABLE IF NOT EXISTS memory_embeddings (
  memory_id TEXT NOT NULL REFERENCES memories(id),
  backend_id TEXT NOT NULL,
  dim INTEGER NOT NULL CHECK (dim > 0),
  vector_blob BLOB NOT NULL,
  encryption_kind TEXT NOT NULL DEFAULT 'none',
  encryption_key_id TEXT,
  computed_at TEXT NOT NULL,
  PRIMARY KEY (memory_id, backend_id)))sql"},
    {R"sql(CREATE INDEX IF NOT EXISTS idx_memory_embeddings_backend
  ON memory_embeddings (backend_id))sql"},
};

constexpr MigrationStep kDecayJobs[] = {
    {R"sql(CREATE TABLE IF NOT EXISTS decay_jobs (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (
    kind IN ('episode_compression', 'candidate_compression', 'expired_principle_review')),
  summary_method TEXT NOT NULL CHECK (
    summary_method IN ('deterministic_concatenate', 'llm_summary', 'none')),
  source_ids_json TEXT NOT NULL CHECK (json_valid(source_ids_json)),
  state TEXT NOT NULL CHECK (
    state IN ('pending', 'in_progress', 'completed', 'failed', 'cancelled')),
  state_reason TEXT,
  result_memory_id TEXT REFERENCES memories(id),
  scheduled_for TEXT NOT NULL,
  created_at TEXT NOT NULL,
  created_by TEXT NOT NULL,
  updated_at TEXT NOT NULL))sql"},
    {R"sql(CREATE INDEX IF NOT EXISTS idx_decay_jobs_state_scheduled
  ON decay_jobs (state, scheduled_for))sql"},
};

constexpr MigrationStep kDecaySupersessions[] = {
    {R"sql(CREATE TABLE IF NOT EXISTS memory_supersessions (
  source_memory_id TEXT NOT NULL REFERENCES memories(id),
  summary_memory_id TEXT NOT NULL REFERENCES memories(id),
  decay_job_id TEXT REFERENCES decay_jobs(id),
  recorded_at TEXT NOT NULL,
  PRIMARY KEY (source_memory_id, summary_memory_id),
  CHECK (source_memory_id <> summary_memory_id)))sql"},
    {R"sql(CREATE INDEX IF NOT EXISTS idx_memory_supersessions_summary
  ON memory_supersessions (summary_memory_id))sql"},
    {R"sql(CREATE TABLE IF NOT EXISTS episode_supersessions (
  source_episode_id TEXT NOT NULL REFERENCES episodes(id),
  summary_memory_id TEXT NOT NULL REFERENCES memories(id),
  decay_job_id TEXT REFERENCES decay_jobs(id),
  recorded_at TEXT NOT NULL,
  PRIMARY KEY (source_episode_id, summary_memory_id)))sql"},
    {R"sql(CREATE INDEX IF NOT EXISTS idx_episode_supersessions_summary
  ON episode_supersessions (summary_memory_id))sql"},
};

constexpr MigrationStep kPendingMcpCommit[] = {
    {R"sql(CREATE TRIGGER IF NOT EXISTS memories_lifecycle_state_check
BEFORE INSERT ON memories
WHEN NEW.status NOT IN ('candidate', 'active', 'rejected', 'superseded', 'pending_mcp_commit')
BEGIN
  SELECT RAISE(ABORT, 'invalid lifecycle_state');
END)sql"},
    {R"sql(CREATE TRIGGER IF NOT EXISTS memories_lifecycle_state_update_check
BEFORE UPDATE OF status ON memories
WHEN NEW.status NOT IN ('candidate', 'active', 'rejected', 'superseded', 'pending_mcp_commit')
BEGIN
  SELECT RAISE(ABORT, 'invalid lifecycle_state');
END)sql"},
    {R"sql(CREATE INDEX IF NOT EXISTS idx_memories_pending_mcp_commit
  ON memories (status, created_at) WHERE status = 'pending_mcp_commit')sql"},
};

constexpr std::array<Migration, kMigrationNames.size()> kMigrations = {{
    {kMigrationNames[0], kInit},
    {kMigrationNames[1], kAuthorityTimeline},
    {kMigrationNames[2], kSchemaV2Expand},
    {kMigrationNames[3], kPrinciplePromotionPolicyRecord},
    {kMigrationNames[4], kOutcomeRelationScope},
    {kMigrationNames[5], kFts5Memories},
    {kMigrationNames[6], kEmbeddings},
    {kMigrationNames[7], kDecayJobs},
    {kMigrationNames[8], kDecaySupersessions},
    {kMigrationNames[9], kPendingMcpCommit},
}};

}  // namespace

std::span<const Migration> all_migrations() { return kMigrations; }

}  // namespace cortex::store
