#include "store/mirror.h"

#include "base/check.h"
#include "base/text.h"
#include "core/ids.h"
#include "crypto/digest.h"
#include "ledger/chain.h"
#include "ledger/row_stream.h"
#include "ledger/tail.h"
#include "store/mirror_row.h"
#include "store/schema_query.h"

namespace cortex::store {
namespace {

// ?1 to ?13 are the values of kMirrorColumns. A row that breaks a constraint leaves nothing behind,
// so OR FAIL undoes as much as OR ABORT; but SQLite copies each page that it changes for what might
// have to be undone, because of the trigger, and that took a third of the time.
std::string insert_sql() {
  return cat("INSERT OR FAIL INTO events(", kMirrorColumns,
             ") VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13) ON CONFLICT DO NOTHING");
}
constexpr std::string_view kSame =
    "SELECT 1 FROM events WHERE id = ?1 AND schema_version = ?2 AND observed_at = ?3 AND"
    " recorded_at = ?4 AND source_json = ?5 AND event_type = ?6 AND trace_id IS ?7 AND"
    " session_id IS ?8 AND domain_tags_json = ?9 AND payload_json = ?10 AND payload_hash = ?11 AND"
    " prev_event_hash IS ?12 AND event_hash = ?13";
constexpr std::string_view kReplace =
    "UPDATE events SET schema_version = ?2, observed_at = ?3, recorded_at = ?4,"
    " source_json = ?5, event_type = ?6, trace_id = ?7, session_id = ?8, domain_tags_json = ?9,"
    " payload_json = ?10, payload_hash = ?11, prev_event_hash = ?12, event_hash = ?13"
    " WHERE id = ?1";

constexpr std::string_view kRecordConflict =
    "INSERT INTO cortex_mirror_conflicts(event_id, ledger_row, kind, detail, recorded_at,"
    " store_row_json) VALUES(?1, ?2, ?3, ?4, ?5, (SELECT json_object('schema_version',"
    " schema_version, 'observed_at', observed_at, 'recorded_at', recorded_at, 'source_json',"
    " source_json, 'event_type', event_type, 'trace_id', trace_id, 'session_id', session_id,"
    " 'domain_tags_json', domain_tags_json, 'payload_json', payload_json, 'payload_hash',"
    " payload_hash, 'prev_event_hash', prev_event_hash, 'event_hash', event_hash)"
    " FROM events WHERE id = ?1))";

Status bind_event(sqlite::Statement& statement, const core::Event& event, std::string_view payload,
                  MirrorRow& row) {
  row.fill(event);
  return statement.bind_all(row.id, event.schema_version, row.observed_at, row.recorded_at,
                            row.source, core::event_type_text(event.type), row.trace_id,
                            event.session_id, row.tags, payload, event.payload_hash,
                            event.prev_event_hash, event.event_hash);
}

}  // namespace

Result<MirrorState> read_mirror_state(sqlite::Connection& db) {
  MirrorState state;
  CORTEX_ASSIGN(const bool present, object_exists(db, "table", "cortex_mirror"));
  if (!present) return state;
  CORTEX_ASSIGN(
      auto select,
      db.prepare(
          "SELECT offset_bytes, rows, head_hash, max_event_id FROM cortex_mirror WHERE id = 1"));
  CORTEX_ASSIGN(const bool found, select.step());
  if (!found) return state;
  state.offset_bytes = static_cast<std::uint64_t>(select.column_int(0));
  state.rows = static_cast<std::uint64_t>(select.column_int(1));
  if (!select.is_null(2)) state.head = std::string(select.column_text(2));
  state.max_id = core::parse_id(core::IdKind::kEvent, select.column_text(3));
  return state;
}

Result<bool> matches_ledger(const MirrorState& state, fs::File& ledger, std::uint64_t size_bytes) {
  if (state.offset_bytes > size_bytes) return false;
  if (state.offset_bytes == 0) return true;
  const auto tail = ledger::read_tail(ledger, state.offset_bytes);
  return tail.ok() && !tail->torn && tail->head == state.head;
}

MirrorFit mirror_fit(const MirrorState& state, std::uint64_t size_bytes,
                     const std::optional<std::string>& head) {
  if (state.offset_bytes <= size_bytes) return MirrorFit::kWithin;
  const bool all_rows = head && state.head == head && state.offset_bytes == size_bytes + 1;
  return all_rows ? MirrorFit::kLacksNewline : MirrorFit::kBeyond;
}

Result<MirrorWriter> MirrorWriter::begin(sqlite::Connection& db, MirrorState from, Clock& clock,
                                         Projector& projector) {
  CORTEX_ASSIGN(auto insert, db.prepare(insert_sql()));
  return MirrorWriter(db, std::move(from), clock, projector, std::move(insert));
}

Status MirrorWriter::add(const core::Event& event, std::string_view payload,
                         std::uint64_t end_offset) {
  ++state_.rows;
  state_.offset_bytes = end_offset;
  state_.head = event.event_hash;
  if (!state_.max_id || *state_.max_id < event.id) state_.max_id = event.id;
  CORTEX_TRY(bind_event(insert_, event, payload, row_));
  CORTEX_TRY(insert_.run());
  if (db_->changes() == 1) {
    ++added_;
  } else {
    CORTEX_TRY(settle_conflict(event, payload));
  }
  if (!looks_like_operation(event, payload)) return {};
  return project(*db_, *projector_, event, payload);
}

// Why the row could not be inserted: "repaired" when the row with its id is not a sealed one and
// is to be overwritten, "duplicate_id" when it is sealed, "event_hash_taken" when another id has
// the hash.
Result<std::string> MirrorWriter::conflict_kind(const std::string& id,
                                                const std::string& event_hash) {
  CORTEX_ASSIGN(auto taken,
                db_->prepare("SELECT 1 FROM events WHERE event_hash = ?1 AND id <> ?2"));
  CORTEX_TRY(taken.bind_all(event_hash, id));
  CORTEX_ASSIGN(const bool is_taken, taken.step());
  if (is_taken) return std::string("event_hash_taken");
  CORTEX_ASSIGN(auto select, db_->prepare("SELECT payload_json, payload_hash, prev_event_hash,"
                                          " event_hash FROM events WHERE id = ?1"));
  CORTEX_TRY(select.bind(1, std::string_view(id)));
  CORTEX_ASSIGN(const bool found, select.step());
  CORTEX_CHECK(found);  // the insert was refused for one of the two
  const std::string payload_hash(select.column_text(1));
  std::optional<std::string> prev;
  if (!select.is_null(2)) prev = std::string(select.column_text(2));
  const bool sealed = crypto::blake3_hex(select.column_text(0)) == payload_hash &&
                      ledger::event_hash(prev, payload_hash) == select.column_text(3);
  return std::string(sealed ? "duplicate_id" : "repaired");
}

// Keeps the row that is there, before anything happens to it.
Status MirrorWriter::record_conflict(const std::string& id, const std::string& kind,
                                     const core::Event& event) {
  CORTEX_ASSIGN(auto record, db_->prepare(kRecordConflict));
  CORTEX_TRY(record.bind_all(id, state_.rows, kind,
                             cat("ledger row has event_hash ", event.event_hash),
                             format_rfc3339(clock_->now(), Offset::kPlus00)));
  ++conflicts_;
  return record.run();
}

Status MirrorWriter::settle_conflict(const core::Event& event, std::string_view payload) {
  CORTEX_ASSIGN(auto same, db_->prepare(kSame));
  CORTEX_TRY(bind_event(same, event, payload, row_));
  CORTEX_ASSIGN(const bool identical, same.step());
  if (identical) return {};
  same.reset();
  const std::string id = core::id_text(core::IdKind::kEvent, event.id);
  CORTEX_ASSIGN(const std::string kind, conflict_kind(id, event.event_hash));
  CORTEX_TRY(record_conflict(id, kind, event));
  if (kind != "repaired") return {};
  CORTEX_ASSIGN(auto replace, db_->prepare(kReplace));
  CORTEX_TRY(bind_event(replace, event, payload, row_));
  return replace.run();
}

Status MirrorWriter::finish() {
  CORTEX_ASSIGN(auto save,
                db_->prepare("INSERT OR REPLACE INTO cortex_mirror(id, offset_bytes, rows,"
                             " head_hash, max_event_id, updated_at) VALUES(1,?1,?2,?3,?4,?5)"));
  std::optional<std::string> max_id;
  if (state_.max_id) max_id = core::id_text(core::IdKind::kEvent, *state_.max_id);
  CORTEX_TRY(save.bind_all(state_.offset_bytes, state_.rows, state_.head, max_id,
                           format_rfc3339(clock_->now(), Offset::kPlus00)));
  return save.run();
}

Result<MirrorWriter> catch_up(sqlite::Connection& db, fs::File& ledger, std::uint64_t size_bytes,
                              Clock& clock, Projector& projector) {
  CORTEX_ASSIGN(MirrorState state, read_mirror_state(db));
  CORTEX_ASSIGN(const bool valid, matches_ledger(state, ledger, size_bytes));
  if (!valid) state = MirrorState{};
  const std::uint64_t from = state.offset_bytes;
  CORTEX_ASSIGN(MirrorWriter writer, MirrorWriter::begin(db, std::move(state), clock, projector));
  ledger::RowStream stream(ledger, from, size_bytes);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, stream.next());
    if (row == nullptr) break;
    CORTEX_TRY(writer.add(row->event, row->raw_payload, stream.place().end));
  }
  return writer;
}

}  // namespace cortex::store
