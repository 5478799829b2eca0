// Rows from before the cutover, for the tests of the v2 columns.
#pragma once

namespace cortex::store {

inline constexpr const char* kV1Rows = R"sql(
INSERT INTO traces VALUES ('trc_01JB0000000000000000000001', 1, 'now', NULL, 'x', 'open');
INSERT INTO events (id, schema_version, observed_at, recorded_at, source_json, event_type,
  domain_tags_json, payload_json, payload_hash, event_hash) VALUES
  ('evt_1', 1, 'o', '2026-02-03T04:05:00.250+00:00', '{}', 'x', '[]', '{}', 'p', 'e');
INSERT INTO episodes (id, trace_id, source_events_json, summary, domains_json, entities_json,
  extracted_by_json, confidence, status) VALUES ('epi_1', 'trc_01JB0000000000000000000001',
  '["evt_1"]', 'what happened', '[]', '[]', '{}', 0.5, 'open');
INSERT INTO memories (id, memory_type, status, claim, source_episodes_json, source_events_json,
  domains_json, salience_json, confidence, authority, applies_when_json, does_not_apply_when_json,
  created_at, updated_at) VALUES
  ('mem_01JB0000000000000000000001', 'session_summary', 'active', 'Summary claim', '[]',
   '["evt_1"]', '[]', '{}', 0.5, 'operator', '[]', '[]', 'now', 'now'),
  ('mem_01JB0000000000000000000002', 'operator_note', 'active', 'a note', '[]', '[]', '[]', '{}',
   0.5, 'operator', '[]', '[]', 'now', 'now');
INSERT INTO context_packs (id, task, pack_json, selection_audit, created_at) VALUES
  ('ctx_1', 't', '{}', '', 'now');
)sql";

}  // namespace cortex::store
