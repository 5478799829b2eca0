#include "bundle/cut.h"

#include <utility>

#include "base/text.h"
#include "bundle/copy.h"
#include "ledger/restore_guard.h"
#include "sqlite/failure.h"
#include "store/mirror.h"
#include "store/open.h"

namespace cortex::bundle {
namespace {

Status require_file(fs::FileSystem& fs, const std::string& path, std::string_view label) {
  auto found = fs.stat(path);
  if (!found.ok()) return with_code(std::move(found).error(), Code::kPrecondition);
  const fs::Info& info = *found;
  if (info.kind == fs::Kind::kFile) return {};
  const bool missing = info.kind == fs::Kind::kMissing;
  return make_error(
      Code::kPrecondition,
      cat("the ", label, " ", quoted(path), missing ? " does not exist" : " is no regular file"),
      "no state was changed", "run `cortex init`, or name the files with --db and --event-log");
}

Status pin(sqlite::Connection& connection, std::optional<sqlite::Transaction>& snapshot) {
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(connection, sqlite::Transaction::Kind::kDeferred));
  snapshot.emplace(std::move(transaction));
  // BEGIN alone fixes nothing: the first read does.
  auto read = connection.query_int("SELECT count(*) FROM sqlite_schema");
  if (!read.ok()) return std::move(read).error();
  return {};
}

Status open_snapshot(fs::FileSystem& fs, const std::string& path, Cut& cut) {
  CORTEX_ASSIGN(const fs::Info info, fs.stat(path));
  CORTEX_ASSIGN(const fs::Info wal, fs.stat(path + "-wal"));
  if (info.size_bytes == 0 && wal.size_bytes == 0) return {};
  CORTEX_ASSIGN(auto connection, sqlite::Connection::open(path, sqlite::OpenMode::kReadWrite));
  if (connection.read_only()) {
    // In a folder that cannot be written there are no sidecars to take part in.
    CORTEX_ASSIGN(connection, store::open_for_inspection(fs, path));
  } else {
    // With sidecars of others around, closing must not check their pages into the live file.
    CORTEX_TRY(connection.set_no_checkpoint_on_close(wal.kind != fs::Kind::kMissing));
  }
  const bool takes_part = !connection.read_only();
  cut.store.emplace(std::move(connection));
  CORTEX_TRY(pin(*cut.store, cut.snapshot));
  // Asked after the snapshot is pinned: a log that is empty now was empty then.
  CORTEX_ASSIGN(const fs::Info log, fs.stat(path + "-wal"));
  CORTEX_ASSIGN(const std::int64_t page_bytes, cut.store->query_int("PRAGMA page_size"));
  CORTEX_ASSIGN(const std::int64_t pages, cut.store->query_int("PRAGMA page_count"));
  CORTEX_ASSIGN(const std::uint64_t size, cut.store->file_bytes());
  cut.file_is_snapshot =
      takes_part && log.size_bytes == 0 && size == static_cast<std::uint64_t>(page_bytes * pages);
  return {};
}

}  // namespace

Status check_not_cut(Cut& cut) {
  if (!cut.store) return {};
  CORTEX_ASSIGN(const store::MirrorState mirror, store::read_mirror_state(*cut.store));
  const store::MirrorFit fit = store::mirror_fit(mirror, cut.tail.size_bytes, cut.tail.head);
  if (fit == store::MirrorFit::kWithin) return {};
  if (fit == store::MirrorFit::kLacksNewline) {
    return make_error(Code::kIntegrity, cat("the ledger: ", store::kNewlineMissing),
                      "no bundle was written", std::string(store::kNewlineNext));
  }
  return make_error(
      cut.tail.torn ? Code::kChain : Code::kIntegrity,
      cat("the ledger ends at byte ", cut.tail.size_bytes, ", but the store mirrors ", mirror.rows,
          " rows up to byte ", mirror.offset_bytes, " of it: acknowledged rows are missing"),
      "no bundle was written",
      "restore the ledger from the last backup before anything is appended to it");
}

Result<Cut> take_cut(fs::FileSystem& fs, const std::string& db_path,
                     const std::string& event_log_path) {
  CORTEX_TRY(require_file(fs, db_path, "SQLite store"));
  CORTEX_TRY(require_file(fs, event_log_path, "JSONL mirror"));
  Cut cut;
  CORTEX_ASSIGN(cut.ledger, fs.open(event_log_path, fs::Open::kRead));
  CORTEX_TRY(ledger::lock_in_place(fs, *cut.ledger, fs::Lock::kShared));
  CORTEX_ASSIGN(cut.tail, ledger::read_tail(*cut.ledger));
  if (auto status = open_snapshot(fs, db_path, cut); !status.ok()) {
    cut.snapshot.reset();
    cut.store.reset();
    cut.store_error = with_code(std::move(status).error(), Code::kPrecondition);
    cut.store_error->message =
        cat("the SQLite store ", quoted(db_path), " cannot be read: ", cut.store_error->message);
    cut.store_error->unchanged = "no state was changed";
    const sqlite::Failure failure = sqlite::failure_of(*cut.store_error);
    // Of what is not the content of the file, the failure itself says more.
    if (failure == sqlite::Failure::kNone || failure == sqlite::Failure::kOther ||
        sqlite::is_damage(failure)) {
      cut.store_error->next = "look at it with `cortex doctor --deep`";
    }
  }
  CORTEX_TRY(cut.ledger->unlock());
  return cut;
}

Result<FileDigest> copy_store(fs::FileSystem& fs, Cut& cut, const std::string& path,
                              Progress* progress, const std::stop_token& stop) {
  if (cut.store_error) return *cut.store_error;
  if (cut.file_is_snapshot) {
    CORTEX_ASSIGN(const auto copy, fs.open(path, fs::Open::kCreateExclusive, 0600));
    CORTEX_ASSIGN(FileDigest digest, copy_blocks(
                                         [&cut](std::uint64_t offset, std::span<char> out) {
                                           return cut.store->read_file(offset, out);
                                         },
                                         *copy, progress, stop));
    CORTEX_TRY(copy->close());
    return digest;
  }
  CORTEX_TRY(copy_store_pages(fs, cut, path, progress, stop));
  return digest_file(fs, path, Source::kAnywhere);
}

Status copy_store_pages(fs::FileSystem& fs, Cut& cut, const std::string& path, Progress* progress,
                        const std::stop_token& stop) {
  if (cut.store_error) return *cut.store_error;
  CORTEX_TRY(fs::write_new(fs, path, "", 0600));
  return cut.store ? copy_snapshot(*cut.store, path, progress, stop) : Status{};
}

Error ledger_was_shortened() {
  return make_error(Code::kIntegrity,
                    "the ledger became shorter while it was read: acknowledged rows are missing",
                    "no bundle was written",
                    "find out what cut it; restore the ledger from the last backup before anything"
                    " is appended to it");
}

}  // namespace cortex::bundle
