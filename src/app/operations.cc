#include "app/operations.h"

#include <utility>

#include "app/checked_store.h"
#include "app/open_store.h"
#include "app/row_signing.h"
#include "app/search_index.h"
#include "base/check.h"
#include "base/stop.h"
#include "base/text.h"
#include "core/ids.h"
#include "ledger/append_log.h"
#include "ledger/own_row.h"
#include "sqlite/transaction.h"
#include "store/mirror.h"
#include "store/open.h"

namespace cortex::app {
namespace {

core::Event event_of(Services& services, std::string payload, const store::Caller& caller) {
  core::Event event = ledger::own_row(services.clock, services.random);
  event.session_id = caller.session;
  event.payload = std::move(payload);
  return event;
}

// A change of keys takes effect relative to `at`, and the row that records it may be signed by one
// of them: it is signed for that moment.
std::optional<Timestamp> signing_time(const store::Operation& operation) {
  const json::Value* at = operation.args.find("at");
  const std::string* text = at == nullptr ? nullptr : at->as_string();
  return text == nullptr ? std::nullopt : parse_strict_rfc3339(*text);
}

// What a change works on: the ledger under its append lock, and the store in a write transaction,
// up to date with it.
struct Both {
  ledger::AppendLog& log;
  sqlite::Connection& db;
  store::MirrorWriter& mirror;
  const std::optional<std::string>& signer;  // of every row; none: they are not signed
  Recorded& recorded;
};

// The sync of the ledger is the one that counts: what the store loses, the next open applies again.
// Its file stays sound, because the write-ahead log is synced before it is copied into the file.
constexpr std::string_view kOneSync = "PRAGMA synchronous = NORMAL";

Status append_row(const Both& both, core::Event& event,
                  std::optional<Timestamp> signed_at = std::nullopt) {
  CORTEX_TRY(both.log.append(event, signed_at));
  ++both.recorded.rows;
  return {};
}

Status mirror_row(const Both& both, const core::Event& event) {
  return both.mirror.add(event, event.payload, both.log.next_offset());
}

// Row and tables of one operation.
Status record(Services& services, const store::Operation& operation, const store::Caller& caller,
              const Both& both) {
  const auto signed_at = signing_time(operation);
  core::Event event = event_of(services, store::operation_payload(operation, caller), caller);
  event.domain_tags = {"cortex", "operation"};
  CORTEX_TRY(append_row(both, event, signed_at));
  CORTEX_ASSIGN(const auto row, store::decode_operation(event, event.payload));
  CORTEX_CHECK(row.has_value());  // operation_payload() wrote it
  CORTEX_TRY(store::project_new(both.db, projector(), *row));
  CORTEX_TRY(mirror_row(both, event));
  both.recorded.event_ids.push_back(row->event_id);
  if (operation.companion.empty()) return {};
  core::Event companion = event_of(services, operation.companion, caller);
  CORTEX_TRY(append_row(both, companion, signed_at));
  return mirror_row(both, companion);
}

Status record_all(Services& services, const store::Caller& caller, const Plan& plan,
                  const Both& both) {
  CORTEX_ASSIGN(const std::vector<store::Operation> operations, plan(both.db));
  CORTEX_TRY(go_on(services.stop));
  // A key may sign its own registration, and its own end.
  Status entitled = check_signer(services, both.db, both.signer);
  for (const store::Operation& operation : operations) {
    CORTEX_TRY(record(services, operation, caller, both));
  }
  if (entitled.ok() || check_signer(services, both.db, both.signer).ok()) return {};
  return entitled;
}

Status refuse_known_id(sqlite::Connection& db, const std::string& id) {
  CORTEX_ASSIGN(auto found, db.prepare("SELECT 1 FROM events WHERE id = ?1"));
  CORTEX_TRY(found.bind_all(std::string_view(id)));
  CORTEX_ASSIGN(const bool known, found.step());
  if (!known) return {};
  return make_error(Code::kPrecondition, cat("the event ", id, " is recorded already"),
                    "nothing was recorded", "run the command again");
}

Status record_event(Services& services, core::Event& event, const Check& check, const Both& both) {
  std::string id = core::id_text(core::IdKind::kEvent, event.id);
  CORTEX_TRY(refuse_known_id(both.db, id));
  CORTEX_TRY(check(both.db, both.log));
  CORTEX_TRY(check_signer(services, both.db, both.signer));
  CORTEX_TRY(go_on(services.stop));
  CORTEX_TRY(append_row(both, event));
  CORTEX_TRY(mirror_row(both, event));
  both.recorded.event_ids.push_back(std::move(id));
  return {};
}

// Lock, transaction, `change`, sync, commit: with an error before the sync the destructors take it
// all back, and nothing has happened.
template <class Change>
Result<Recorded> change_both(Services& services, const Layout& layout, const Change& change) {
  CORTEX_TRY(require_usable_clock(services.clock));
  CORTEX_TRY(require_store(services, layout));
  CORTEX_ASSIGN(auto log, ledger::AppendLog::open(services.fs, layout.event_log_path,
                                                  services.clock, services.random));
  CORTEX_ASSIGN(const std::optional<std::string> signer, sign_rows(services, layout, *log));
  CORTEX_ASSIGN(auto opened, store::open_for_writing(layout.db_path));
  sqlite::Connection& db = opened.connection;
  CORTEX_TRY(db.exec(std::string(kOneSync)));
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate));
  Recorded recorded;
  recorded.torn_tail = log->moved_tail();
  auto mirror = store::catch_up(db, log->file(), log->size_bytes(), services.clock, projector());
  if (!mirror.ok()) {
    CORTEX_TRY(require_schema(db));  // what is missing tells more than the statement that needs it
    return mirror.error();
  }
  CORTEX_TRY(change(Both{*log, db, *mirror, signer, recorded}));
  CORTEX_TRY(mirror->finish());
  // An index that could not follow is caught up by whoever opens the store next.
  static_cast<void>(keep_index(db));
  CORTEX_TRY(log->commit());
  services.count_recorded(recorded.rows);
  if (const Status committed = transaction.commit(); !committed.ok()) {
    recorded.mirror_note =
        cat("the store could not follow: ", committed.error().message, kFollowsLater);
  }
  return recorded;
}

// Before the sync everything is taken back, whatever failed.
Result<Recorded> told(Result<Recorded> done) {
  if (!done.ok() && done.error().unchanged.empty())
    done.error().unchanged = "this change was not recorded";
  return done;
}

}  // namespace

bool can_be_kept(Timestamp time) {
  return parse_strict_rfc3339(format_rfc3339(time, Offset::kPlus00)).has_value();
}

Status require_usable_clock(Clock& clock) {
  if (can_be_kept(clock.now())) return {};
  return make_error(Code::kPrecondition, "the clock shows a year that cannot be kept",
                    "nothing was recorded", "set the clock");
}

Result<Recorded> perform(Services& services, const Layout& layout, const store::Caller& caller,
                         const Plan& plan) {
  return told(change_both(services, layout, [&](const Both& both) {
    return record_all(services, caller, plan, both);
  }));
}

Result<Recorded> append_event(Services& services, const Layout& layout, core::Event& event,
                              const Check& check) {
  return told(change_both(services, layout, [&](const Both& both) {
    return record_event(services, event, check, both);
  }));
}

}  // namespace cortex::app
