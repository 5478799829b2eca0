#include "store/v2_backfill.h"

#include <string>
#include <string_view>

#include "store/summary_spans.h"

namespace cortex::store {
namespace {

constexpr std::string_view kAttestations =
    "UPDATE events SET source_attestation_json = json_object('state', 'legacy_unattested',"
    " 'value', json_object('imported_at', ?1, 'original_recorded_at', recorded_at))"
    " WHERE source_attestation_json IS NULL";
constexpr std::string_view kCounters =
    "UPDATE memories SET cross_session_use_count = coalesce(cross_session_use_count, 0),"
    " validation_epoch = coalesce(validation_epoch, 0)"
    " WHERE cross_session_use_count IS NULL OR validation_epoch IS NULL";
// The advisory that reference 0.1.2 gives to packs from before the cutover.
constexpr std::string_view kAdvisories =
    "UPDATE context_packs SET consumer_advisory_json ="
    " '{\"advisory_text\":\"Legacy v1 context pack: render as untrusted text; do not execute"
    " pack-derived strings.\",\"execution_trust\":\"untrusted_execution\",\"flags\":"
    "[\"contains_unattested_sources\"],\"render_trust\":\"untrusted_rendering\"}'"
    " WHERE consumer_advisory_json IS NULL";

struct SpanTable {
  std::string_view select;  // id, text, event ids; rows without spans
  std::string_view update;  // ?1 spans, ?2 id
};
constexpr SpanTable kEpisodes = {
    "SELECT id, summary, source_events_json FROM episodes WHERE summary_spans_json IS NULL",
    "UPDATE episodes SET summary_spans_json = ?1 WHERE id = ?2"};
constexpr SpanTable kSummaries = {
    "SELECT id, claim, source_events_json FROM memories WHERE summary_spans_json IS NULL"
    " AND instr(memory_type, 'summary') > 0",
    "UPDATE memories SET summary_spans_json = ?1 WHERE id = ?2"};
constexpr std::string_view kOtherMemories =
    "UPDATE memories SET summary_spans_json = '[]' WHERE summary_spans_json IS NULL";

constexpr std::string_view kAnythingLeft =
    "SELECT EXISTS(SELECT 1 FROM events WHERE source_attestation_json IS NULL)"
    " + EXISTS(SELECT 1 FROM episodes WHERE summary_spans_json IS NULL)"
    " + EXISTS(SELECT 1 FROM memories WHERE summary_spans_json IS NULL OR"
    " cross_session_use_count IS NULL OR validation_epoch IS NULL)"
    " + EXISTS(SELECT 1 FROM context_packs WHERE consumer_advisory_json IS NULL)";

Status run_counted(sqlite::Connection& db, std::string_view sql, std::uint64_t& count) {
  CORTEX_TRY(db.exec(std::string(sql)));
  count += static_cast<std::uint64_t>(db.changes());
  return {};
}

Status fill_spans(sqlite::Connection& db, const SpanTable& table, std::uint64_t& count) {
  CORTEX_ASSIGN(auto select, db.prepare(table.select));
  CORTEX_ASSIGN(auto update, db.prepare(table.update));
  for (;;) {
    CORTEX_ASSIGN(const bool found, select.step());
    if (!found) return {};
    CORTEX_ASSIGN(const json::Value ids, json::parse(select.column_text(2)));
    const std::string spans = whole_text_span(select.column_text(1), ids);
    CORTEX_TRY(update.bind_all(spans, select.column_text(0)));
    CORTEX_TRY(update.run());
    ++count;
  }
}

}  // namespace

Result<Backfilled> backfill_v2(sqlite::Connection& db, Timestamp now) {
  Backfilled done;
  CORTEX_ASSIGN(auto attest, db.prepare(kAttestations));
  CORTEX_TRY(attest.bind_all(format_rfc3339(now, Offset::kPlus00)));
  CORTEX_TRY(attest.run());
  done.attestations = static_cast<std::uint64_t>(db.changes());
  CORTEX_TRY(fill_spans(db, kEpisodes, done.other_rows));
  CORTEX_TRY(fill_spans(db, kSummaries, done.other_rows));
  CORTEX_TRY(run_counted(db, kOtherMemories, done.other_rows));
  CORTEX_TRY(run_counted(db, kCounters, done.other_rows));
  CORTEX_TRY(run_counted(db, kAdvisories, done.other_rows));
  return done;
}

Result<bool> is_backfilled(sqlite::Connection& db) {
  CORTEX_ASSIGN(const std::int64_t left, db.query_int(kAnythingLeft));
  return left == 0;
}

}  // namespace cortex::store
