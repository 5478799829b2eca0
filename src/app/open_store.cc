#include "app/open_store.h"

#include <cerrno>
#include <utility>

#include "app/operations.h"
#include "app/search_index.h"
#include "base/text.h"
#include "ledger/recovery.h"
#include "ledger/restore_guard.h"
#include "sqlite/failure.h"
#include "sqlite/transaction.h"
#include "store/mirror.h"
#include "store/open.h"

namespace cortex::app {
namespace {

// Mirrors the ledger rows that the store lacks. The rows of a writer that died before its sync are
// synced here before the store relies on them.
Status catch_mirror_up(Services& services, const Layout& layout, StoreAtWork& store) {
  CORTEX_ASSIGN(auto ledger, services.fs.open(layout.event_log_path, fs::Open::kRead));
  CORTEX_TRY(ledger::lock_in_place(services.fs, *ledger, fs::Lock::kShared));
  CORTEX_ASSIGN(const ledger::SettledTail tail, ledger::settle_tail(services.fs, *ledger));
  if (tail.fault) return row_error(*tail.fault);
  CORTEX_ASSIGN(const store::MirrorState state, store::read_mirror_state(store.connection));
  if (state.offset_bytes == tail.head.size_bytes && state.head == tail.head.hash) return {};
  CORTEX_ASSIGN(auto transaction, sqlite::Transaction::begin(
                                      store.connection, sqlite::Transaction::Kind::kImmediate));
  CORTEX_ASSIGN(auto writer, store::catch_up(store.connection, *ledger, tail.head.size_bytes,
                                             services.clock, projector()));
  CORTEX_TRY(ledger->sync_data());
  CORTEX_TRY(writer.finish());
  store.index_note = keep_index(store.connection);
  CORTEX_TRY(transaction.commit());
  store.mirrored_rows = writer.added();
  return {};
}

bool is_of_the_device(const Error& error) {
  const sqlite::Failure failure = sqlite::failure_of(error);
  return failure == sqlite::Failure::kFull || failure == sqlite::Failure::kInputOutput ||
         error.system_errno == EIO || error.system_errno == ENOSPC || error.system_errno == EDQUOT;
}

}  // namespace

Status require_store(Services& services, const Layout& layout) {
  auto info = services.fs.stat(layout.db_path);
  if (info.ok() && info->kind == fs::Kind::kFile) return {};
  if (!info.ok()) {
    Error error = with_code(std::move(info).error(), Code::kPrecondition);
    error.unchanged = "no state was changed";
    return with_context(std::move(error), "precondition unmet");
  }
  return make_error(Code::kPrecondition,
                    cat("precondition unmet: there is no store ", quoted(layout.db_path)),
                    "no state was changed", "run `cortex init` first");
}

Result<StoreAtWork> open_store(Services& services, const Layout& layout) {
  CORTEX_TRY(require_store(services, layout));
  CORTEX_TRY(ledger::check_no_restore(services.fs, layout.event_log_path));
  CORTEX_ASSIGN(auto opened, store::open_for_writing(layout.db_path));
  StoreAtWork store{std::move(opened.connection), std::move(opened.applied), 0, "", "", {}};
  store.connection.stop_on(services.stop);
  if (auto status = catch_mirror_up(services, layout, store); !status.ok()) {
    const Error& why = status.error();
    store.mirror_note = cat("the mirror was not brought up to date: ", why.message,
                            why.next.empty() ? "" : ". Next: ", why.next);
    if (is_of_the_device(why)) store.device_error = why;
  }
  return store;
}

}  // namespace cortex::app
