#include "bundle/stage.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "bundle/copy.h"
#include "ledger/verify.h"

namespace cortex::bundle {
namespace {

Error stage_refused(std::string message, std::string next) {
  return make_error(Code::kPrecondition, std::move(message), "the active store was not changed",
                    std::move(next));
}

Error unchanged(Error error, Code code) {
  error.code = code;
  error.unchanged = "the active store was not changed";
  return error;
}

std::string temp_prefix(const std::string& stage_dir) {
  const std::string name = fs::name_of(stage_dir);
  return cat(".", name.empty() || !is_valid_utf8(name) ? "restore-stage" : name, ".tmp-");
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Stages of processes that died: nobody holds their lock.
void remove_dead(fs::FileSystem& fs, const std::string& parent, const std::string& prefix) {
  const auto names = fs.list(parent);
  if (!names.ok()) return;  // a courtesy; making the folder will say what is wrong
  for (const std::string& name : *names) {
    if (!name.starts_with(prefix) || !is_number(std::string_view(name).substr(prefix.size()))) {
      continue;
    }
    const std::string path = fs::join(parent, name);
    const auto info = fs.lstat(path);
    if (!info.ok() || info->kind != fs::Kind::kDirectory) continue;
    auto folder = fs.open_directory(path);
    if (!folder.ok() || !(*folder)->lock(fs::Lock::kExclusive, 0).ok()) continue;  // in use
    static_cast<void>(fs::remove_tree(fs, path).ok());
  }
}

Error chain_error(const std::string& path, const ledger::ChainReport& chain) {
  std::string lines =
      cat("the ledger ", quoted(path), " is broken: ", counted(chain.failures_total, "failure"),
          " in ", counted(chain.rows, "row"));
  for (const ledger::Failure& failure : chain.failures) {
    lines += cat("\n  row ", failure.line, " (", failure.event_id, "): ", failure.reason);
  }
  return with_code(stage_refused(std::move(lines), "use another bundle"), Code::kIntegrity);
}

}  // namespace

Result<LedgerAudit> audit_ledger(fs::FileSystem& fs, const std::string& path,
                                 const ManifestFacts& manifest) {
  auto file = fs.open(path, fs::Open::kRead);
  if (!file.ok()) return unchanged(std::move(file).error(), Code::kInternal);
  const auto info = (*file)->info();
  if (!info.ok()) return unchanged(info.error(), Code::kInternal);
  auto chain =
      ledger::verify_chain(**file, info->size_bytes, {.threads = ledger::verify_threads()});
  if (!chain.ok()) {
    const Code code = chain.error().code;
    return unchanged(std::move(chain).error(), code);
  }
  return judge_audit(path, *chain, manifest);
}

Result<LedgerAudit> judge_audit(const std::string& path, const ledger::ChainReport& chain,
                                const ManifestFacts& manifest) {
  if (!chain.closed()) return chain_error(path, chain);
  const std::size_t boundaries = chain.boundary_lines.size();
  if (boundaries != (manifest.post_v2() ? 1U : 0U)) {
    Error error =
        stage_refused(cat("the ledger ", quoted(path), " has ", counted(boundaries, "boundary row"),
                          ", which does not fit a bundle of kind ", manifest.kind),
                      "use another bundle: this one's manifest is not that of its ledger");
    error.code = Code::kSchema;
    error.token = boundaries == 0 ? "schema_migration.v1_to_v2.boundary.missing"
                                  : "schema_migration.v1_to_v2.boundary.duplicate";
    return error;
  }
  return LedgerAudit{path, chain.rows, chain.head.value_or("")};
}

json::Object to_json(const LedgerAudit& audit) {
  return {
      {"failures", 0}, {"path", audit.path}, {"rows_scanned", audit.rows}, {"status", "verified"}};
}

Result<std::unique_ptr<Stage>> Stage::begin(fs::FileSystem& fs, const std::string& stage_dir,
                                            long process_id) {
  const std::string parent = fs::parent_of(stage_dir);
  const auto info = fs.stat(parent);
  if (!info.ok() || info->kind != fs::Kind::kDirectory) {
    Error error = stage_refused(cat("the folder ", quoted(parent), " of the stage does not exist"),
                                "make it, or name a --stage-dir elsewhere");
    error.unchanged = "no state was changed";
    return error;
  }
  const std::string prefix = temp_prefix(stage_dir);
  remove_dead(fs, parent, prefix);
  const std::string name = cat(prefix, process_id);
  // The path as it was given keeps its form in reports: "./stage" gives "./.stage.tmp-1".
  const std::string folder =
      stage_dir.find('/') == std::string::npos ? name : fs::join(parent, name);
  if (auto made = fs.make_directory(folder, 0700); !made.ok()) {
    return unchanged(std::move(made).error(), Code::kPrecondition);
  }
  auto stage = std::make_unique<Stage>(fs, stage_dir, folder);
  auto lock = fs.open_directory(folder);
  if (!lock.ok()) return unchanged(std::move(lock).error(), Code::kPrecondition);
  if (auto locked = (*lock)->lock(fs::Lock::kExclusive, 0); !locked.ok()) {
    return unchanged(std::move(locked).error(), Code::kPrecondition);
  }
  stage->owner_lock_ = std::move(lock).value();
  return stage;
}

std::string Stage::store_path() const { return fs::join(folder_, kStoreName); }
std::string Stage::ledger_path() const { return fs::join(folder_, kLedgerName); }

Status Stage::fill(const VerifyReport& bundle, Progress* progress) {
  begin_phase(progress, "staging",
              bundle.artifacts[0].digest.size_bytes + bundle.artifacts[1].digest.size_bytes);
  const std::string targets[] = {store_path(), ledger_path()};
  for (std::size_t i = 0; i < 2; ++i) {
    const VerifiedArtifact& artifact = bundle.artifacts[i];
    const auto info = fs_.stat(artifact.path);
    if (!info.ok()) return unchanged(info.error(), Code::kInternal);
    auto copied = copy_file(fs_, artifact.path, targets[i], info->mode & 0777, progress);
    if (!copied.ok()) return unchanged(std::move(copied).error(), Code::kInternal);
    if (*copied != artifact.digest) {
      Error error = stage_refused(
          cat("digest mismatch of `", artifact.field, "`: the bundle changed while it was copied"),
          "leave the bundle alone and try again");
      error.code = Code::kQuarantined;
      return error;
    }
  }
  return {};
}

Status Stage::publish() {
  Status done = fs_.sync_directory(folder_);
  if (done.ok()) done = fs_.rename_no_replace(folder_, stage_dir_);
  if (!done.ok()) return unchanged(std::move(done).error(), Code::kInternal);
  published_ = true;
  done = fs_.sync_directory(fs::parent_of(stage_dir_));
  if (!done.ok()) return unchanged(std::move(done).error(), Code::kInternal);
  return {};
}

Stage::~Stage() {
  // Best effort: what stays is a dead stage for the next run.
  if (!published_) static_cast<void>(fs::remove_tree(fs_, folder_).ok());
}

}  // namespace cortex::bundle
