#include "bundle/verify.h"

#include "base/limits.h"
#include "base/text.h"
#include "core/ids.h"
#include "crypto/digest.h"
#include "ledger/row_stream.h"
#include "ledger/verify.h"
#include "sqlite/connection.h"
#include "store/integrity.h"
#include "store/mirror.h"

namespace cortex::bundle {
namespace {

Error rejected(Code code, std::string message) {
  Error error = make_error(code, std::move(message));
  error.unchanged = "no state was changed";
  return error;
}

Result<VerifiedArtifact> check_artifact(fs::FileSystem& fs, const std::string& folder,
                                        const char* field, const Artifact& artifact) {
  const std::string& name = artifact.name;
  if (trim(name).empty()) return rejected(Code::kPrecondition, cat("`", field, "` is blank"));
  if (name.front() == '/' || fs::has_parent_step(name)) {
    return rejected(Code::kPrecondition, cat("`", field, "` leaves the bundle's folder"));
  }
  const std::string path = folder.empty() ? name : fs::join(folder, name);
  CORTEX_ASSIGN(const fs::Info info, fs.stat(path));
  if (info.kind != fs::Kind::kFile) {
    return rejected(Code::kPrecondition, cat("`", field, "` ", quoted(path), " was not found"));
  }
  if (info.size_bytes != artifact.size_bytes) {
    return rejected(Code::kQuarantined,
                    cat("size mismatch of `", field, "`: the manifest says ", artifact.size_bytes,
                        " bytes, the file has ", info.size_bytes));
  }
  auto digest = digest_file(fs, path, false);
  if (!digest.ok()) return with_code(std::move(digest).error(), Code::kPrecondition);
  if (digest->blake3 != artifact.blake3) {
    return rejected(Code::kQuarantined,
                    cat("digest mismatch of `", field, "`: the manifest says ",
                        quoted(artifact.blake3), ", the file has ", digest->blake3));
  }
  return VerifiedArtifact{field, path, digest->size_bytes, digest->blake3};
}

// Looks every ledger row up in the store, streaming.
Status compare_mirror(sqlite::Connection& db, fs::File& ledger, std::uint64_t size,
                      ContentReport& report) {
  CORTEX_ASSIGN(const std::int64_t has_events,
                db.query_int("SELECT count(*) FROM sqlite_master WHERE name = 'events'"));
  if (has_events == 0) {
    report.lagging_rows = report.ledger_rows;
    return {};
  }
  CORTEX_ASSIGN(auto find, db.prepare("SELECT event_hash, payload_hash FROM events WHERE id = ?1"));
  ledger::RowStream stream(ledger, 0, size);
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, stream.next());
    if (row == nullptr) break;
    CORTEX_TRY(find.bind(1, core::id_text(core::IdKind::kEvent, row->event.id)));
    CORTEX_ASSIGN(const bool found, find.step());
    if (!found) {
      ++report.lagging_rows;
    } else if (find.column_text(0) == row->event.event_hash &&
               find.column_text(1) == row->event.payload_hash) {
      ++report.mirrored_rows;
    } else {
      ++report.differing_rows;
    }
    find.reset();
  }
  CORTEX_ASSIGN(const store::MirrorState state, store::read_mirror_state(db));
  if (state.offset_bytes > size || state.rows > report.ledger_rows) {
    report.problems.push_back("the store's mirror leads the ledger");
  }
  return {};
}

}  // namespace

Result<FileDigest> digest_file(fs::FileSystem& fs, const std::string& path, bool from_device) {
  CORTEX_ASSIGN(auto file, fs.open(path, fs::Open::kRead));
  if (from_device) file->drop_cache();
  crypto::Blake3 hasher;
  std::string block(limits::kIoBlockBytes, '\0');
  FileDigest digest;
  for (;;) {
    CORTEX_ASSIGN(const std::size_t got, file->read_at(digest.size_bytes, block));
    if (got == 0) break;
    hasher.update(std::string_view(block).substr(0, got));
    digest.size_bytes += got;
  }
  digest.blake3 = crypto::prefixed_hex(hasher.finish());
  return digest;
}

Result<VerifyReport> verify_artifacts(fs::FileSystem& fs, const std::string& manifest_path) {
  VerifyReport report;
  CORTEX_ASSIGN(report.manifest, read_manifest(fs, manifest_path));
  const std::size_t slash = manifest_path.rfind('/');
  const std::string folder =
      slash == std::string::npos ? "" : manifest_path.substr(0, slash == 0 ? 1 : slash);
  CORTEX_ASSIGN(auto store, check_artifact(fs, folder, "sqlite_store", report.manifest.store));
  report.artifacts.push_back(std::move(store));
  CORTEX_ASSIGN(auto ledger, check_artifact(fs, folder, "jsonl_mirror", report.manifest.ledger));
  report.artifacts.push_back(std::move(ledger));
  return report;
}

Result<ContentReport> verify_content(fs::FileSystem& fs, const std::string& store_path,
                                     const std::string& ledger_path) {
  ContentReport report;
  CORTEX_ASSIGN(auto ledger, fs.open(ledger_path, fs::Open::kRead));
  CORTEX_ASSIGN(const fs::Info info, ledger->info());
  CORTEX_ASSIGN(const ledger::ChainReport chain, ledger::verify_chain(*ledger, info.size_bytes));
  report.ledger_rows = chain.rows;
  report.ledger_failures = chain.failures_total;
  if (!chain.closed())
    report.problems.push_back(cat("ledger: ", chain.failures_total, " failures"));
  CORTEX_ASSIGN(const fs::Info store_info, fs.stat(store_path));
  if (store_info.size_bytes == 0) {  // never opened: nothing mirrored, nothing to check
    report.lagging_rows = chain.rows;
    return report;
  }
  auto db = sqlite::Connection::open(store_path, sqlite::OpenMode::kImmutable);
  if (!db.ok()) return with_code(std::move(db).error(), Code::kPrecondition);
  auto problems = store::integrity_problems(*db, true);
  if (!problems.ok()) return with_code(std::move(problems).error(), Code::kPrecondition);
  for (auto& problem : *problems) report.problems.push_back(cat("store: ", problem));
  CORTEX_ASSIGN(report.counts, store::count_tables(*db));
  CORTEX_TRY(compare_mirror(*db, *ledger, info.size_bytes, report));
  return report;
}

}  // namespace cortex::bundle
