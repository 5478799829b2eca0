#include "app/operations.h"

#include <utility>

#include "app/open_store.h"
#include "app/search_index.h"
#include "base/check.h"
#include "base/text.h"
#include "base/ulid.h"
#include "core/ids.h"
#include "ledger/append_log.h"
#include "sqlite/transaction.h"
#include "store/mirror.h"
#include "store/open.h"

namespace cortex::app {
namespace {

core::Event event_of(Services& services, const store::Operation& operation,
                     const store::Caller& caller) {
  core::Event event;
  event.id = Ulid::make(services.clock, services.random);
  event.observed_at = event.recorded_at = services.clock.now();
  event.source.type = core::SourceType::kRuntime;
  event.type = core::EventType::kSystemNote;
  event.session_id = caller.session;
  event.domain_tags = {"cortex", "operation"};
  event.payload = store::operation_payload(operation, caller);
  return event;
}

// Row and tables of one operation.
Status record(Services& services, const store::Operation& operation, const store::Caller& caller,
              ledger::AppendLog& log, sqlite::Connection& db, store::MirrorWriter& mirror,
              Recorded& recorded) {
  core::Event event = event_of(services, operation, caller);
  CORTEX_TRY(log.append(event));
  CORTEX_ASSIGN(const auto row, store::decode_operation(event, event.payload));
  CORTEX_CHECK(row.has_value());  // operation_payload() wrote it
  CORTEX_TRY(store::project_new(db, projector(), *row));
  CORTEX_TRY(mirror.add(event, event.payload, log.next_offset()));
  recorded.event_ids.push_back(row->event_id);
  return {};
}

// Everything up to the sync: with an error the destructors take it all back.
Status record_all(Services& services, const store::Caller& caller, const Plan& plan,
                  ledger::AppendLog& log, sqlite::Connection& db, Recorded& recorded) {
  CORTEX_ASSIGN(auto mirror,
                store::catch_up(db, log.file(), log.size_bytes(), services.clock, projector()));
  CORTEX_ASSIGN(const std::vector<store::Operation> operations, plan(db));
  for (const store::Operation& operation : operations) {
    CORTEX_TRY(record(services, operation, caller, log, db, mirror, recorded));
  }
  CORTEX_TRY(mirror.finish());
  // An index that could not follow is caught up by whoever opens the store next.
  static_cast<void>(keep_index(db));
  return {};
}

}  // namespace

Result<Recorded> perform(Services& services, const Layout& layout, const store::Caller& caller,
                         const Plan& plan) {
  CORTEX_TRY(require_store(services, layout));
  CORTEX_ASSIGN(auto log, ledger::AppendLog::open(services.fs, layout.event_log_path,
                                                  services.clock, services.random));
  CORTEX_ASSIGN(auto opened, store::open_for_writing(layout.db_path));
  sqlite::Connection& db = opened.connection;
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate));
  Recorded recorded;
  recorded.torn_tail = log->moved_tail();
  CORTEX_TRY(record_all(services, caller, plan, *log, db, recorded));
  CORTEX_TRY(log->commit());
  if (const Status committed = transaction.commit(); !committed.ok()) {
    recorded.mirror_note = cat("the store could not follow: ", committed.error().message);
  }
  return recorded;
}

}  // namespace cortex::app
