#include "bundle/backup.h"

#include <memory>

#include "base/limits.h"
#include "base/text.h"
#include "base/ulid.h"
#include "bundle/staging.h"
#include "crypto/digest.h"
#include "json/value.h"
#include "ledger/append_log.h"
#include "sqlite/backup.h"
#include "sqlite/connection.h"
#include "sqlite/transaction.h"

namespace cortex::bundle {
namespace {

Status require_file(fs::FileSystem& fs, const std::string& path, std::string_view label) {
  auto info = fs.stat(path);
  if (info.ok() && info->kind == fs::Kind::kFile) return {};
  Error error = make_error(Code::kPrecondition,
                           cat(label, " ", quoted(path),
                               info.ok() && info->kind != fs::Kind::kMissing ? " is no regular file"
                                                                             : " does not exist"));
  error.unchanged = "no state was changed";
  error.next = "run `cortex init`, or name the files with --db and --event-log";
  return error;
}

// The cut: a pinned SQLite snapshot (absent for a store of 0 bytes) and the ledger up to a row
// border.
struct Cut {
  std::unique_ptr<fs::File> ledger;
  ledger::Tail tail;
  std::optional<sqlite::Connection> store;
  std::optional<sqlite::Transaction> snapshot;
  std::optional<Error> store_error;  // reported after the ledger's audit, which has precedence
};

Status open_snapshot(fs::FileSystem& fs, const std::string& path, Cut& cut) {
  CORTEX_ASSIGN(const fs::Info info, fs.stat(path));
  CORTEX_ASSIGN(const fs::Info wal, fs.stat(path + "-wal"));
  if (info.size_bytes == 0 && wal.size_bytes == 0) return {};
  CORTEX_ASSIGN(cut.store, sqlite::Connection::open(path, sqlite::OpenMode::kReadWrite));
  // With sidecars of others around, closing must not check their pages into the live file.
  CORTEX_TRY(cut.store->set_no_checkpoint_on_close(wal.kind != fs::Kind::kMissing));
  CORTEX_ASSIGN(auto snapshot,
                sqlite::Transaction::begin(*cut.store, sqlite::Transaction::Kind::kDeferred));
  cut.snapshot.emplace(std::move(snapshot));
  CORTEX_ASSIGN(const std::int64_t objects,
                cut.store->query_int("SELECT count(*) FROM sqlite_master"));
  static_cast<void>(objects);  // the read pins the snapshot
  return {};
}

Result<Cut> take_cut(fs::FileSystem& fs, const BackupRequest& request) {
  Cut cut;
  CORTEX_ASSIGN(cut.ledger, fs.open(request.event_log_path, fs::Open::kRead));
  CORTEX_TRY(cut.ledger->lock(fs::Lock::kShared, limits::kLockWaitMillisMax));
  CORTEX_ASSIGN(cut.tail, ledger::read_tail(*cut.ledger));
  if (auto status = open_snapshot(fs, request.db_path, cut); !status.ok()) {
    cut.store_error = with_code(std::move(status).error(), Code::kPrecondition);
    cut.store_error->unchanged = "no bundle was written";
  }
  CORTEX_TRY(cut.ledger->unlock());
  return cut;
}

// Copies, hashes and audits the ledger prefix in one pass.
Result<ledger::ChainReport> copy_ledger(fs::FileSystem& fs, Cut& cut, const std::string& path,
                                        const BackupRequest& request, Artifact& artifact) {
  CORTEX_ASSIGN(auto out, fs.open(path, fs::Open::kCreateExclusive, 0600));
  crypto::Blake3 hasher;
  const auto on_block = [&](std::string_view block) -> Status {
    CORTEX_TRY(out->append(block));
    hasher.update(block);
    artifact.size_bytes += block.size();
    if (request.progress) request.progress(block.size());
    return {};
  };
  CORTEX_ASSIGN(ledger::ChainReport report,
                ledger::verify_chain(*cut.ledger, cut.tail.size_bytes, on_block));
  CORTEX_TRY(out->sync_all());
  CORTEX_TRY(out->close());
  artifact.blake3 = crypto::prefixed_hex(hasher.finish());
  return report;
}

// The online backup of the pinned snapshot. SQLite writes page 1 last, so the copy's digest takes
// one more read of the copy (from the page cache).
Status copy_store(fs::FileSystem& fs, Cut& cut, const std::string& path,
                  const BackupRequest& request, Manifest& manifest) {
  CORTEX_TRY(fs::write_new(fs, path, "", 0600));
  if (cut.store) {
    CORTEX_ASSIGN(auto copy, sqlite::Connection::open(path, sqlite::OpenMode::kReadWrite));
    CORTEX_TRY(copy.exec("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF"));
    CORTEX_TRY(sqlite::copy_database(*cut.store, copy, [&](auto done, auto total) {
      static_cast<void>(total);
      if (request.progress && done > 0) request.progress(0);
    }));
  }
  CORTEX_ASSIGN(auto file, fs.open(path, fs::Open::kAppend));
  CORTEX_TRY(file->sync_all());
  CORTEX_TRY(file->close());
  CORTEX_ASSIGN(const FileDigest digest, digest_file(fs, path, false));
  manifest.store.size_bytes = digest.size_bytes;
  manifest.store.blake3 = digest.blake3;
  if (digest.size_bytes == 0) return {};
  CORTEX_ASSIGN(auto copy, sqlite::Connection::open(path, sqlite::OpenMode::kImmutable));
  CORTEX_ASSIGN(manifest.counts, store::count_tables(copy));
  return {};
}

Status fill_staging(fs::FileSystem& fs, Cut& cut, Staging& staging, const BackupRequest& request,
                    Manifest& manifest, ledger::ChainReport* failures) {
  auto chain = copy_ledger(fs, cut, staging.member(kLedgerName), request, manifest.ledger);
  if (!chain.ok()) return std::move(chain).error();
  if (!chain->closed()) {
    Error error =
        make_error(Code::kIntegrity, cat("the ledger's chain is broken: ", chain->failures_total,
                                         " failures in ", chain->rows, " rows"));
    error.unchanged = "no bundle was written";
    error.next = "run `cortex audit verify` and repair the ledger first";
    if (failures != nullptr) *failures = std::move(chain).value();
    return error;
  }
  manifest.ledger_rows = chain->rows;
  manifest.post_v2 = !chain->boundary_lines.empty();
  if (cut.store_error) return *cut.store_error;
  if (auto status = copy_store(fs, cut, staging.member(kStoreName), request, manifest);
      !status.ok()) {
    return with_code(std::move(status).error(), Code::kPrecondition);
  }
  return fs::write_new(fs, staging.member(kManifestName),
                       json::write_pretty(manifest_document(manifest)), 0600);
}

// Re-reads from the device what was published and compares it with what was meant.
Result<ContentReport> verify_published(fs::FileSystem& fs, const std::string& bundle,
                                       const Manifest& manifest) {
  const std::string store_path = fs::join(bundle, kStoreName);
  const std::string ledger_path = fs::join(bundle, kLedgerName);
  CORTEX_ASSIGN(const FileDigest store, digest_file(fs, store_path, true));
  CORTEX_ASSIGN(const FileDigest ledger, digest_file(fs, ledger_path, true));
  CORTEX_ASSIGN(ContentReport report, verify_content(fs, store_path, ledger_path));
  if (store.blake3 != manifest.store.blake3)
    report.problems.push_back("cortex.db reads back differently");
  if (ledger.blake3 != manifest.ledger.blake3) {
    report.problems.push_back("events.jsonl reads back differently");
  }
  if (!(report.counts == manifest.counts))
    report.problems.push_back("table counts read back differently");
  return report;
}

// A published bundle that does not verify must not look like one.
Error withdraw(fs::FileSystem& fs, const std::string& bundle, std::string why, Clock& clock,
               Random& random) {
  const std::string aside =
      fs::join(fs::parent_of(bundle),
               cat(".", fs::name_of(bundle), ".rejected.", Ulid::make(clock, random).text()));
  Error error = make_error(Code::kIntegrity, cat("the bundle failed its verification: ", why));
  if (fs.rename_no_replace(bundle, aside).ok()) {
    error.unchanged = cat("the live data was not changed; the rejected copy is in ", quoted(aside));
  } else {
    error.unchanged = "the live data was not changed; do not use this bundle";
  }
  error.next = "check the disk and run the backup again";
  return error;
}

}  // namespace

Result<BackupReport> make_backup(fs::FileSystem& fs, const BackupRequest& request, Clock& clock,
                                 Random& random, ledger::ChainReport* failures) {
  CORTEX_TRY(require_file(fs, request.db_path, "SQLite store"));
  CORTEX_TRY(require_file(fs, request.event_log_path, "JSONL mirror"));
  CORTEX_ASSIGN(auto staging, Staging::create(fs, request.output, clock, random));
  CORTEX_ASSIGN(Cut cut, take_cut(fs, request));
  BackupReport report;
  report.bundle_dir = request.output;
  report.manifest_path = fs::join(request.output, kManifestName);
  report.manifest.made_at = clock.now();
  report.manifest.store.name = kStoreName;
  report.manifest.ledger.name = kLedgerName;
  if (cut.tail.torn) report.torn_bytes_left_out = cut.tail.torn->size_bytes;
  CORTEX_TRY(fill_staging(fs, cut, *staging, request, report.manifest, failures));
  cut.snapshot.reset();  // ends the snapshot before the slow part
  cut.store.reset();
  CORTEX_TRY(staging->publish());
  if (!request.verify) return report;
  auto verification = verify_published(fs, request.output, report.manifest);
  if (!verification.ok()) {
    return withdraw(fs, request.output, verification.error().message, clock, random);
  }
  if (!verification->problems.empty()) {
    return withdraw(fs, request.output, verification->problems.front(), clock, random);
  }
  report.verification = std::move(verification).value();
  return report;
}

}  // namespace cortex::bundle
