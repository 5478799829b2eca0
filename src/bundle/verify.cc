#include "bundle/verify.h"

#include <iterator>
#include <utility>

#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/verify.h"
#include "sqlite/connection.h"
#include "trust/ceiling.h"

namespace cortex::bundle {
namespace {

Error rejected(Code code, std::string message, std::string next = "") {
  return make_error(code, std::move(message), "no state was changed", std::move(next));
}

constexpr const char* kNext = "use another bundle: this one is not what was backed up";

// The file, with the size that the manifest says.
Result<VerifiedArtifact> find_artifact(fs::FileSystem& fs, const std::string& folder,
                                       const char* field, const Artifact& artifact) {
  const std::string& name = artifact.name;
  if (is_blank(name)) return rejected(Code::kPrecondition, cat("`", field, "` is blank"));
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
                        " bytes, the file has ", info.size_bytes),
                    kNext);
  }
  return VerifiedArtifact{field, path, {info.size_bytes, ""}};
}

Status check_digest(const VerifiedArtifact& file, const Artifact& artifact) {
  if (file.digest.blake3 == artifact.blake3) return {};
  return rejected(Code::kQuarantined,
                  cat("digest mismatch of `", file.field, "`: the manifest says ",
                      quoted(artifact.blake3), ", the file has ", file.digest.blake3),
                  kNext);
}

Status check_digests(fs::FileSystem& fs, VerifyReport& report, Progress* progress) {
  const Artifact* wanted[] = {&report.manifest.store, &report.manifest.ledger};
  begin_phase(progress, "checking digests", wanted[0]->size_bytes + wanted[1]->size_bytes);
  for (std::size_t i = 0; i < std::size(wanted); ++i) {
    auto digest = digest_file(fs, report.artifacts[i].path, Source::kAnywhere, progress);
    if (!digest.ok()) return with_code(std::move(digest).error(), Code::kPrecondition);
    report.artifacts[i].digest = std::move(digest).value();
    CORTEX_TRY(check_digest(report.artifacts[i], *wanted[i]));
  }
  return {};
}

// Opens what may be a store of 0 bytes: then there is no connection.
Result<std::optional<sqlite::Connection>> open_copy(const std::string& path,
                                                    std::uint64_t size_bytes) {
  std::optional<sqlite::Connection> connection;
  if (size_bytes == 0) return connection;
  auto opened = sqlite::Connection::open(path, sqlite::OpenMode::kImmutable);
  if (!opened.ok()) return with_code(std::move(opened).error(), Code::kPrecondition);
  connection.emplace(std::move(opened).value());
  return connection;
}

Status check_content(const ContentReport& content) {
  if (content.problems.empty()) return {};
  return rejected(Code::kIntegrity,
                  cat("the bundle's content is not sound: ", content.problems.front(),
                      content.problems.size() > 1 ? " (and more)" : ""),
                  "use another bundle, or see all problems with --json");
}

// The format claims the full chain for every bundle whose digests hold: it was audited when the
// bundle was made. `chain_audited_now` says whether this run has looked again.
json::Object truth_json() {
  const trust::TruthCeiling truth{.proof_state = trust::ProofState::kFullChainVerified};
  return {{"authority_class", trust::authority_class_token(truth.authority_class)},
          {"claim_ceiling", trust::claim_ceiling_token(truth.effective())},
          {"proof_state", trust::proof_state_token(truth.proof_state)},
          {"runtime_mode", trust::runtime_mode_token(truth.runtime_mode)}};
}

}  // namespace

Result<FilesReport> verify_files(fs::FileSystem& fs, const std::string& store_path,
                                 const std::string& ledger_path, Source source,
                                 Progress* progress) {
  FilesReport report;
  CORTEX_ASSIGN(const fs::Info store_info, fs.stat(store_path));
  CORTEX_ASSIGN(auto store, open_copy(store_path, store_info.size_bytes));
  std::vector<std::optional<sqlite::Connection>> mirrors(ledger::verify_threads());
  std::vector<sqlite::Connection*> mirrors_open;
  for (auto& mirror : mirrors) {
    CORTEX_ASSIGN(mirror, open_copy(store_path, store_info.size_bytes));
    if (!mirror) continue;
    // Walked from front to back: a large cache would only be filled.
    static_cast<void>(mirror->exec("PRAGMA cache_size = -2000").ok());
    mirrors_open.push_back(&*mirror);
  }
  CORTEX_ASSIGN(auto ledger, fs.open(ledger_path, fs::Open::kRead));
  CORTEX_ASSIGN(const fs::Info info, ledger->info());
  if (source == Source::kDevice) ledger->drop_cache();
  crypto::Blake3 hasher;
  const auto on_block = [&](std::string_view block) -> Status {
    hasher.update(block);
    report.ledger.size_bytes += block.size();
    add_progress(progress, block.size());
    return {};
  };
  const auto digest_store = [&]() -> Status {
    CORTEX_ASSIGN(report.store, digest_file(fs, store_path, source, progress));
    return {};
  };
  if (!store) CORTEX_TRY(digest_store());
  CORTEX_ASSIGN(report.content, verify_content({*ledger, info.size_bytes, store ? &*store : nullptr,
                                                std::move(mirrors_open), on_block, digest_store}));
  report.ledger.blake3 = crypto::prefixed_hex(hasher.finish());
  return report;
}

Result<FilesReport> verify_sound_files(fs::FileSystem& fs, const std::string& store_path,
                                       const std::string& ledger_path, Progress* progress) {
  CORTEX_ASSIGN(const fs::Info store, fs.stat(store_path));
  CORTEX_ASSIGN(const fs::Info ledger, fs.stat(ledger_path));
  begin_phase(progress, "looking at the new content", store.size_bytes + ledger.size_bytes);
  auto files = verify_files(fs, store_path, ledger_path, Source::kAnywhere, progress);
  if (files.ok() && !files->content.problems.empty()) {
    return make_error(Code::kIntegrity, files->content.problems.front());
  }
  return files;
}

Status take_digests(VerifyReport& report, const FileDigest& store, const FileDigest& ledger) {
  report.artifacts[0].digest = store;
  report.artifacts[1].digest = ledger;
  CORTEX_TRY(check_digest(report.artifacts[0], report.manifest.store));
  return check_digest(report.artifacts[1], report.manifest.ledger);
}

// What is wrong with a digest goes before what is wrong with the content, or with opening it.
Status verify_found(fs::FileSystem& fs, VerifyReport& report, const std::string& store_path,
                    const std::string& ledger_path, Progress* progress) {
  begin_phase(progress, "checking digests and content",
              report.manifest.store.size_bytes + report.manifest.ledger.size_bytes);
  auto files = verify_files(fs, store_path, ledger_path, Source::kAnywhere, progress);
  if (!files.ok()) {
    CORTEX_TRY(check_digests(fs, report, progress));
    Error error = std::move(files).error();
    error.unchanged = "no state was changed";
    return error;
  }
  CORTEX_TRY(take_digests(report, files->store, files->ledger));
  CORTEX_TRY(check_content(files->content));
  report.content = std::move(files->content);
  return {};
}

Result<VerifyReport> find_bundle(fs::FileSystem& fs, const std::string& manifest_path) {
  VerifyReport report;
  report.manifest_path = manifest_path;
  CORTEX_ASSIGN(report.manifest, read_manifest(fs, manifest_path));
  const std::size_t slash = manifest_path.rfind('/');
  const std::string folder =
      slash == std::string::npos ? "" : manifest_path.substr(0, slash == 0 ? 1 : slash);
  const Artifact& store = report.manifest.store;
  const Artifact& ledger = report.manifest.ledger;
  CORTEX_ASSIGN(auto store_file, find_artifact(fs, folder, "sqlite_store", store));
  CORTEX_ASSIGN(auto ledger_file, find_artifact(fs, folder, "jsonl_mirror", ledger));
  report.artifacts = {std::move(store_file), std::move(ledger_file)};
  return report;
}

Result<VerifyReport> verify_bundle(fs::FileSystem& fs, const std::string& manifest_path, bool deep,
                                   Progress* progress) {
  CORTEX_ASSIGN(VerifyReport report, find_bundle(fs, manifest_path));
  const auto& files = report.artifacts;
  CORTEX_TRY(deep ? verify_found(fs, report, files[0].path, files[1].path, progress)
                  : check_digests(fs, report, progress));
  return report;
}

json::Value to_json(const VerifyReport& report) {
  json::Array artifacts;
  for (const VerifiedArtifact& artifact : report.artifacts) {
    artifacts.emplace_back(json::Object{{"blake3", artifact.digest.blake3},
                                        {"field", artifact.field},
                                        {"path", artifact.path},
                                        {"size_bytes", artifact.digest.size_bytes}});
  }
  json::Object out{{"artifacts", std::move(artifacts)},
                   {"command", "restore.verify_backup"},
                   {"cutover_performed", false},
                   {"destructive_restore_supported", false},
                   {"kind", report.manifest.kind},
                   {"manifest", report.manifest_path},
                   {"mutated_store", false},
                   {"restore_performed", false},
                   {"schema_version", report.manifest.schema_version},
                   {"chain_audited_now", report.content.has_value()},
                   {"truth_ceiling", truth_json()}};
  if (report.content) out.add("content", to_json(*report.content));
  return json::sorted(std::move(out));
}

}  // namespace cortex::bundle
