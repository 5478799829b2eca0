#include "bundle/backup.h"

#include <algorithm>
#include <memory>
#include <span>
#include <thread>
#include <utility>

#include "base/stop.h"
#include "base/text.h"
#include "bundle/copy.h"
#include "bundle/cut.h"
#include "bundle/digest.h"
#include "bundle/staging.h"
#include "bundle/verify.h"
#include "crypto/digest.h"
#include "ledger/verify.h"

namespace cortex::bundle {
namespace {

Status sync_file(fs::FileSystem& fs, const std::string& path) {
  CORTEX_ASSIGN(auto file, fs.open(path, fs::Open::kAppend));
  CORTEX_TRY(file->sync_all());
  return file->close();
}

// The ledger prefix in a new file, each byte read once, its digest in `artifact`.
class LedgerCopy {
 public:
  static Result<LedgerCopy> create(fs::FileSystem& fs, Cut& cut, const std::string& path) {
    CORTEX_ASSIGN(auto out, fs.open(path, fs::Open::kCreateExclusive, 0600));
    return LedgerCopy(cut, std::move(out));
  }

  Status copy(Progress* progress, Artifact& artifact) {
    Status read_status;
    const auto read = [&](std::uint64_t offset, std::span<char> block) {
      const auto size = std::min<std::uint64_t>(block.size(), cut_.tail.size_bytes - offset);
      auto got = cut_.ledger->read_at(offset, block.first(static_cast<std::size_t>(size)));
      if (!got.ok()) read_status = got.error();
      return got;
    };
    auto digest = copy_blocks(read, *out_, progress);
    CORTEX_TRY(read_status);
    if (!digest.ok()) return as_unwritable(std::move(digest).error());
    if (digest->size_bytes != cut_.tail.size_bytes) return ledger_was_shortened();
    artifact.size_bytes = digest->size_bytes;
    artifact.blake3 = digest->blake3;
    return end();
  }

  // The same, and audits what it reads.
  Result<ledger::ChainReport> copy_and_audit(Progress* progress, Artifact& artifact) {
    crypto::Blake3 hasher;
    const auto on_block = [&](std::string_view block) -> Status {
      CORTEX_TRY(as_unwritable(out_->append(block)));
      hasher.update(block);
      artifact.size_bytes += block.size();
      add_progress(progress, block.size());
      return {};
    };
    CORTEX_ASSIGN(
        ledger::ChainReport chain,
        ledger::verify_chain(*cut_.ledger, cut_.tail.size_bytes,
                             {.threads = ledger::verify_threads(), .on_block = on_block}));
    if (artifact.size_bytes != cut_.tail.size_bytes) return ledger_was_shortened();
    artifact.blake3 = crypto::prefixed_hex(hasher.finish());
    CORTEX_TRY(end());
    return chain;
  }

 private:
  LedgerCopy(Cut& cut, std::unique_ptr<fs::File> out) : cut_(cut), out_(std::move(out)) {}

  Status end() {
    CORTEX_TRY(as_unwritable(out_->sync_all()));
    return as_unwritable(out_->close());
  }

  Cut& cut_;
  std::unique_ptr<fs::File> out_;
};

// The store of the cut, which is given back as soon as it is copied.
Status take_store(fs::FileSystem& fs, Cut& cut, const std::string& path,
                  const BackupRequest& request, Manifest& manifest) {
  CORTEX_ASSIGN(const FileDigest digest, copy_store(fs, cut, path, request.progress, request.stop));
  cut.snapshot.reset();
  cut.store.reset();
  CORTEX_TRY(sync_file(fs, path));
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

Error unsound(const std::string& why) {
  return make_error(Code::kIntegrity, cat("the bundle failed its verification: ", why),
                    "the live data was not changed, and no bundle was written",
                    "check the store with `cortex doctor --strict --deep` and the disk, then back"
                    " up again");
}

// A copy that cannot be read back is no bundle. A run that was called off (kPrecondition) is no
// finding.
Status as_unsound(Status status) {
  if (status.ok() || status.error().code != Code::kInternal) return status;
  return unsound(status.error().message);
}

// Reads back from the device what was copied: its digests must be those of the copy, its content
// is looked at in full. Of a store that could not be copied the ledger is audited all the same:
// its findings come first.
Status read_back(fs::FileSystem& fs, const Staging& staging, const Status& store_status,
                 const BackupRequest& request, const Manifest& manifest, ContentReport& content) {
  const std::string ledger_path = staging.member(kLedgerName);
  if (!store_status.ok()) {
    CORTEX_ASSIGN(const auto ledger, fs.open(ledger_path, fs::Open::kRead));
    CORTEX_ASSIGN(content.chain, ledger::verify_chain(*ledger, manifest.ledger.size_bytes,
                                                      {.threads = ledger::verify_threads()}));
    return {};
  }
  begin_phase(request.progress, "verifying",
              manifest.store.size_bytes + manifest.ledger.size_bytes);
  CORTEX_ASSIGN(FilesReport files, verify_files(fs, staging.member(kStoreName), ledger_path,
                                                Source::kDevice, request.progress));
  const auto expect = [](bool holds, std::string_view what) {
    return holds ? Status{} : Status(unsound(cat(what, " reads back differently")));
  };
  CORTEX_TRY(expect(files.store == digest_of(manifest.store), kStoreName));
  CORTEX_TRY(expect(files.ledger == digest_of(manifest.ledger), kLedgerName));
  content = std::move(files.content);
  if (!content.chain.closed()) return {};
  CORTEX_TRY(expect(content.counts == manifest.counts, "the table counts"));
  return content.problems.empty() ? Status{} : Status(unsound(content.problems.front()));
}

Status verify_staged(fs::FileSystem& fs, const Staging& staging, const Status& store_status,
                     const BackupRequest& request, const Manifest& manifest,
                     ContentReport& content) {
  return as_unsound(read_back(fs, staging, store_status, request, manifest, content));
}

// With verification read back from the device, too: whoever restores believes it first.
Status write_manifest(fs::FileSystem& fs, const Staging& staging, const BackupRequest& request,
                      const Manifest& manifest) {
  const std::string path = staging.member(kManifestName);
  const std::string text = json::write_pretty(manifest_document(manifest));
  CORTEX_TRY(as_unwritable(fs::write_new(fs, path, text, 0600)));
  if (!request.verify) return {};
  const auto there = digest_file(fs, path, Source::kDevice);
  if (!there.ok()) return as_unsound(there.error());
  if (*there == digest_of(text)) return {};
  return unsound(cat(kManifestName, " reads back differently"));
}

// The ledger's findings come before the store's, whichever thread is done first.
Status fill_staging(fs::FileSystem& fs, Cut& cut, Staging& staging, const BackupRequest& request,
                    BackupReport& report, ledger::ChainReport* failures) {
  Manifest& manifest = report.manifest;
  CORTEX_ASSIGN(LedgerCopy ledger, LedgerCopy::create(fs, cut, staging.member(kLedgerName)));
  Status store_status;
  std::jthread store_thread(
      [&] { store_status = take_store(fs, cut, staging.member(kStoreName), request, manifest); });
  ContentReport content;
  Status ledger_status;
  if (request.verify) {
    ledger_status = ledger.copy(request.progress, manifest.ledger);
  } else if (auto chain = ledger.copy_and_audit(request.progress, manifest.ledger); chain.ok()) {
    content.chain = std::move(chain).value();
  } else {
    ledger_status = std::move(chain).error();
  }
  store_thread.join();
  CORTEX_TRY(ledger_status);
  if (request.verify) {
    CORTEX_TRY(verify_staged(fs, staging, store_status, request, manifest, content));
  }
  if (!content.chain.closed()) {
    Error error = broken_chain(content.chain);
    if (failures != nullptr) *failures = std::move(content.chain);
    return error;
  }
  if (!store_status.ok()) return with_code(std::move(store_status).error(), Code::kPrecondition);
  manifest.ledger_rows = content.chain.rows;
  manifest.post_v2 = !content.chain.boundary_lines.empty();
  if (request.verify) report.verification = std::move(content);
  return write_manifest(fs, staging, request, manifest);
}

std::uint64_t bytes_to_copy(fs::FileSystem& fs, const BackupRequest& request, const Cut& cut) {
  const auto info = fs.stat(request.db_path);
  return cut.tail.size_bytes + (info.ok() ? info->size_bytes : 0);
}

}  // namespace

Result<BackupReport> make_backup(fs::FileSystem& fs, const BackupRequest& request, Clock& clock,
                                 Random& random, ledger::ChainReport* failures) {
  BackupReport report;
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
  report.ledger_head = cut.tail.head;
  begin_phase(request.progress, "copying", bytes_to_copy(fs, request, cut));
  CORTEX_TRY(fill_staging(fs, cut, *staging, request, report, failures));
  CORTEX_TRY(go_on(request.stop));
  CORTEX_TRY(staging->publish());
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
