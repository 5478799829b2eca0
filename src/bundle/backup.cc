#include "bundle/backup.h"

#include <thread>
#include <utility>

#include "base/stop.h"
#include "base/text.h"
#include "base/ulid.h"
#include "bundle/cut.h"
#include "bundle/digest.h"
#include "bundle/staging.h"
#include "bundle/verify.h"
#include "crypto/digest.h"

namespace cortex::bundle {
namespace {

// Copies, digests and audits the ledger prefix in one pass.
Result<ledger::ChainReport> copy_ledger(fs::FileSystem& fs, Cut& cut, const std::string& path,
                                        Progress* progress, Artifact& artifact) {
  CORTEX_ASSIGN(auto out, fs.open(path, fs::Open::kCreateExclusive, 0600));
  crypto::Blake3 hasher;
  const auto on_block = [&](std::string_view block) -> Status {
    CORTEX_TRY(as_unwritable(out->append(block)));
    hasher.update(block);
    artifact.size_bytes += block.size();
    add_progress(progress, block.size());
    return {};
  };
  CORTEX_ASSIGN(ledger::ChainReport report,
                ledger::verify_chain(*cut.ledger, cut.tail.size_bytes, {.on_block = on_block}));
  CORTEX_TRY(as_unwritable(out->sync_all()));
  CORTEX_TRY(as_unwritable(out->close()));
  artifact.blake3 = crypto::prefixed_hex(hasher.finish());
  return report;
}

// The online backup of the pinned snapshot. SQLite writes page 1 last, so the copy's digest takes
// one more read of the copy (from the page cache).
Status take_store(fs::FileSystem& fs, Cut& cut, const std::string& path,
                  const BackupRequest& request, Manifest& manifest) {
  CORTEX_TRY(copy_store(fs, cut, path, request.progress, request.stop));
  CORTEX_ASSIGN(auto file, fs.open(path, fs::Open::kAppend));
  CORTEX_TRY(file->sync_all());
  CORTEX_TRY(file->close());
  CORTEX_ASSIGN(const FileDigest digest, digest_file(fs, path, Source::kAnywhere));
  manifest.store.size_bytes = digest.size_bytes;
  manifest.store.blake3 = digest.blake3;
  if (digest.size_bytes == 0) return {};
  CORTEX_ASSIGN(auto copy, sqlite::Connection::open(path, sqlite::OpenMode::kImmutable));
  CORTEX_ASSIGN(manifest.counts, store::count_tables(copy));
  return {};
}

Error broken_chain(const ledger::ChainReport& chain) {
  return make_error(Code::kIntegrity,
                    cat("the ledger's chain is broken: ", counted(chain.failures_total, "failure"),
                        " in ", counted(chain.rows, "row")),
                    "no bundle was written", "see the rows with `cortex audit verify`");
}

// The ledger's findings come before the store's, whichever thread is done first.
Status fill_staging(fs::FileSystem& fs, Cut& cut, Staging& staging, const BackupRequest& request,
                    Manifest& manifest, ledger::ChainReport* failures) {
  Status store_status;
  std::jthread store_thread(
      [&] { store_status = take_store(fs, cut, staging.member(kStoreName), request, manifest); });
  auto chain = copy_ledger(fs, cut, staging.member(kLedgerName), request.progress, manifest.ledger);
  store_thread.join();
  if (!chain.ok()) return std::move(chain).error();
  if (!chain->closed()) {
    Error error = broken_chain(*chain);
    if (failures != nullptr) *failures = std::move(chain).value();
    return error;
  }
  manifest.ledger_rows = chain->rows;
  manifest.post_v2 = !chain->boundary_lines.empty();
  if (!store_status.ok()) return with_code(std::move(store_status).error(), Code::kPrecondition);
  return fs::write_new(fs, staging.member(kManifestName),
                       json::write_pretty(manifest_document(manifest)), 0600);
}

// Reads back from the device what was published and compares it with what was meant.
Result<ContentReport> verify_published(fs::FileSystem& fs, const std::string& bundle,
                                       const Manifest& manifest, Progress* progress) {
  CORTEX_ASSIGN(const std::string text,
                fs::read_all(fs, fs::join(bundle, kManifestName), 1U << 20));
  CORTEX_ASSIGN(FilesReport files,
                verify_files(fs, fs::join(bundle, kStoreName), fs::join(bundle, kLedgerName),
                             Source::kDevice, progress));
  auto& problems = files.content.problems;
  const auto expect = [&problems](bool holds, std::string_view what) {
    if (!holds) problems.push_back(cat(what, " reads back differently"));
  };
  expect(text == json::write_pretty(manifest_document(manifest)), kManifestName);
  expect(files.store == FileDigest{manifest.store.size_bytes, manifest.store.blake3}, kStoreName);
  expect(files.ledger == FileDigest{manifest.ledger.size_bytes, manifest.ledger.blake3},
         kLedgerName);
  expect(files.content.counts == manifest.counts, "the table counts");
  return std::move(files.content);
}

// A published bundle that does not verify must not look like one.
Error withdraw(fs::FileSystem& fs, const std::string& bundle, const std::string& why, Clock& clock,
               Random& random) {
  Error error = make_error(Code::kIntegrity, cat("the bundle failed its verification: ", why));
  if (const auto aside = move_aside(fs, bundle, ".rejected.", clock, random); aside.ok()) {
    error.unchanged =
        cat("the live data was not changed; the rejected copy is in ", quoted(*aside));
  } else {
    error.unchanged = "the live data was not changed; do not use this bundle";
  }
  error.next =
      "check the store with `cortex doctor --strict --deep` and the disk, then back up again";
  return error;
}

// Nobody asks for it any more, and nobody has checked it: first no bundle by its name, then gone.
// What cannot be removed now is a dead staging folder for the next run.
Error take_back(fs::FileSystem& fs, const std::string& bundle, Clock& clock, Random& random) {
  Error error = called_off();
  const auto aside = move_aside(fs, bundle, kStagingMark, clock, random);
  if (!aside.ok()) {
    error.unchanged = "the bundle stays, unchecked: do not use it";
  } else if (!fs::remove_tree(fs, *aside).ok()) {
    error.unchanged = cat(quoted(*aside), " could not be removed");
  }
  return error;
}

std::uint64_t bytes_to_copy(fs::FileSystem& fs, const BackupRequest& request, const Cut& cut) {
  const auto info = fs.stat(request.db_path);
  return cut.tail.size_bytes + (info.ok() ? info->size_bytes : 0);
}

}  // namespace

Result<BackupReport> make_backup(fs::FileSystem& fs, const BackupRequest& request, Clock& clock,
                                 Random& random, ledger::ChainReport* failures) {
  BackupReport report;
  {
    CORTEX_TRY(check_output(fs, request.output));
    CORTEX_ASSIGN(Cut cut, take_cut(fs, request.db_path, request.event_log_path));
    CORTEX_TRY(check_not_cut(cut));
    CORTEX_ASSIGN(auto staging, Staging::create(fs, request.output, clock, random));
    report.bundle_dir = request.output;
    report.manifest_path = fs::join(request.output, kManifestName);
    report.manifest.made_at = clock.now();
    report.manifest.store.name = kStoreName;
    report.manifest.ledger.name = kLedgerName;
    if (cut.tail.torn) report.torn_bytes_left_out = cut.tail.torn->size_bytes;
    begin_phase(request.progress, "copying", bytes_to_copy(fs, request, cut));
    CORTEX_TRY(fill_staging(fs, cut, *staging, request, report.manifest, failures));
    CORTEX_TRY(go_on(request.stop));
    CORTEX_TRY(staging->publish());
  }
  if (!request.verify) return report;
  begin_phase(request.progress, "verifying",
              report.manifest.store.size_bytes + report.manifest.ledger.size_bytes);
  auto verification = verify_published(fs, request.output, report.manifest, request.progress);
  if (request.stop.stop_requested()) return take_back(fs, request.output, clock, random);
  if (!verification.ok()) {
    return withdraw(fs, request.output, verification.error().message, clock, random);
  }
  if (!verification->problems.empty()) {
    return withdraw(fs, request.output, verification->problems.front(), clock, random);
  }
  report.verification = std::move(verification).value();
  return report;
}

json::Value to_json(const BackupReport& report) {
  json::Object out{{"bundle_dir", report.bundle_dir},
                   {"manifest", manifest_document(report.manifest)},
                   {"manifest_path", report.manifest_path},
                   {"restore_verification", "not_performed"}};
  json::Object skipped{{"status", "not_performed"}};
  out.add("bundle_verification",
          report.verification ? to_json(*report.verification) : json::Value(std::move(skipped)));
  if (report.torn_bytes_left_out > 0) out.add("torn_bytes_left_out", report.torn_bytes_left_out);
  return json::sorted(std::move(out));
}

}  // namespace cortex::bundle
