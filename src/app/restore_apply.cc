#include "app/restore_apply.h"

#include <utility>

#include "app/restore_look.h"
#include "base/text.h"
#include "bundle/audit_row.h"
#include "bundle/data_loss.h"
#include "bundle/restore_lock.h"

namespace cortex::app {
namespace {

Error apply_refused(std::string message, std::string next) {
  return make_error(Code::kPrecondition, std::move(message), "the active store was not changed",
                    std::move(next));
}

Status check_request(Services& services, const Environment& environment,
                     const ApplyStageRequest& request) {
  if (!request.acknowledged_replacement || !request.acknowledged_temporary) {
    return apply_refused(
        "--acknowledge-active-store-replacement and --acknowledge-temp-test-data-dir"
        " are required",
        "run again with both flags; for a store in use see `cortex restore run`");
  }
  const auto stage = services.fs.stat(request.stage_dir);
  if (!stage.ok() || stage->kind != fs::Kind::kDirectory) {
    return apply_refused(cat("the stage ", quoted(request.stage_dir), " does not exist"),
                         "make it with `cortex restore stage`");
  }
  if (is_temporary(services, environment, request.layout.data_dir)) return {};
  return apply_refused(cat("the data folder ", quoted(request.layout.data_dir),
                           " is not under the system temp directory"),
                       "use `cortex restore run` or `cortex restore apply --production`");
}

bundle::AuditRow audit_row(Services& services, const ApplyStageReport& report,
                           const std::string& before) {
  const bundle::ManifestFacts& manifest = report.bundle.manifest;
  return {.id = report.audit_record_id,
          .operation = "command.restore.apply_stage",
          .target_ref = cat("active_store:", report.layout.db_path),
          .before_hash = before,
          .after_hash = manifest.store.blake3,
          .reason = "store and ledger were replaced by a verified stage",
          .actor = {{"command", "restore apply-stage"}, {"kind", "cli"}, {"scope", "temp-test"}},
          .source_refs = {{"active_db", report.layout.db_path},
                          {"active_event_log", report.layout.event_log_path},
                          {"after_hash_semantics",
                           "digest of the bundle's store; the restored file also holds this row"},
                          {"jsonl_mirror_blake3", manifest.ledger.blake3},
                          {"manifest", report.manifest},
                          {"scope", "temp-test"},
                          {"sqlite_store_blake3", manifest.store.blake3},
                          {"stage_dir", report.stage_dir}},
          .created_at = format_rfc3339(services.clock.now(), Offset::kPlus00)};
}

// Everything that must hold before the first write.
Status look_before(Services& services, const Environment& environment,
                   const ApplyStageRequest& request, ApplyStageReport& report, Progress* progress) {
  CORTEX_TRY(check_request(services, environment, request));
  CORTEX_ASSIGN(report.bundle,
                bundle::verify_bundle(services.fs, request.manifest, false, progress));
  CORTEX_TRY(bundle::check_staged(services.fs, request.stage_dir, report.bundle.manifest));
  const std::string staged_db = fs::join(request.stage_dir, bundle::kStoreName);
  const std::string staged_log = fs::join(request.stage_dir, bundle::kLedgerName);
  CORTEX_ASSIGN(report.staged_audit,
                bundle::audit_ledger(services.fs, staged_log, report.bundle.manifest));
  CORTEX_ASSIGN(report.diff,
                semantic_diff(services, {.file = {}, .store = request.layout.db_path},
                              {.file = {}, .store = staged_db}, request.acknowledged_risk));
  const auto loss =
      bundle::find_data_loss(services.fs, {request.layout.db_path, request.layout.event_log_path},
                             {staged_db, staged_log});
  if (loss.ok()) report.data_loss = to_json(*loss);
  if (report.diff.allows()) return {};
  return apply_refused(
      cat("the stage lacks accepted state of the active store (", report.diff.blocked, " of ",
          counted(report.diff.changes.size(), "change"), " block)"),
      "see them with `cortex restore semantic-diff`, then use"
      " --acknowledge-recovery-risk if the loss is meant");
}

Status verify_after(Services& services, const ApplyStageRequest& request,
                    const bundle::SwapState& state, ApplyStageReport& report) {
  const bundle::ManifestFacts& manifest = report.bundle.manifest;
  const std::string& log = request.layout.event_log_path;
  CORTEX_TRY(bundle::check_file(services.fs, log, "jsonl_mirror", manifest.ledger));
  CORTEX_TRY(check_in_place(services, state.db));
  report.active_audit = {log, report.staged_audit.rows, report.staged_audit.head};
  CORTEX_ASSIGN(
      report.diff_after,
      semantic_diff(services,
                    {.file = {}, .store = fs::join(request.stage_dir, bundle::kStoreName)},
                    {.file = {}, .store = request.layout.db_path}, request.acknowledged_risk));
  if (!report.diff_after.allows()) {
    return apply_refused("the restored store is not what was staged", "");
  }
  CORTEX_ASSIGN(report.anchors, bundle::check_anchors(services.fs, log, request.anchors));
  return {};
}

}  // namespace

Status check_in_place(Services& services, const bundle::SwapFile& file) {
  CORTEX_ASSIGN(const auto digest,
                bundle::digest_file(services.fs, file.active, bundle::Source::kAnywhere));
  if (digest == file.fresh) return {};
  return make_error(Code::kIntegrity,
                    cat("the replaced file ", quoted(file.active), " is not what was prepared"));
}

bundle::LookFunction full_look(Services& services, Progress* progress) {
  return [&services, progress](const std::string& store, const std::string& ledger) {
    return bundle::verify_sound_files(services.fs, store, ledger, progress);
  };
}

Error rolled_back(bundle::Swap& swap, Error why) {
  if (auto back = swap.roll_back(); !back.ok()) {
    Error error = std::move(back).error();
    if (error.code != Code::kIntegrity) error.code = Code::kInternal;
    error.message = cat(why.message, "; and going back failed: ", error.message);
    error.unchanged = "the restore is unfinished, nothing else can write";
    error.next = "run `cortex restore resume --undo`";
    return error;
  }
  why.unchanged =
      "rolling back: the active backups were restored, the store is in its pre-apply state";
  return why;
}

Result<ApplyStageReport> apply_stage(Services& services, const Environment& environment,
                                     const ApplyStageRequest& request, Progress* progress) {
  ApplyStageReport report;
  report.manifest = request.manifest;
  report.stage_dir = request.stage_dir;
  report.layout = request.layout;
  CORTEX_TRY(look_before(services, environment, request, report, progress));
  auto before = bundle::digest_file(services.fs, request.layout.db_path, bundle::Source::kAnywhere);
  if (!before.ok()) return with_code(std::move(before).error(), Code::kPrecondition);
  report.audit_record_id = bundle::new_audit_id(services.clock, services.random);
  CORTEX_ASSIGN(const auto lock,
                bundle::RestoreLock::acquire(services.fs, request.layout.data_dir));
  const bundle::AuditRow row = audit_row(services, report, before->blake3);
  const auto& artifacts = report.bundle.artifacts;
  CORTEX_ASSIGN(
      auto swap,
      bundle::Swap::prepare(
          services.fs,
          {.operation = "apply_stage",
           .scope = "temp-test",
           .active_db = request.layout.db_path,
           .active_log = request.layout.event_log_path,
           .source_db = fs::join(request.stage_dir, bundle::kStoreName),
           .source_log = fs::join(request.stage_dir, bundle::kLedgerName),
           .word = "apply-stage",
           .source_db_digest = artifacts[0].digest,
           .source_log_digest = artifacts[1].digest,
           .process_id = environment.process_id,
           .edit = [&row](sqlite::Connection& db) { return bundle::insert_audit_row(db, row); },
           .look = full_look(services, progress),
           .progress = progress},
          services.clock));
  report.evidence_folder = swap->evidence_folder();
  Status done = swap->replace();
  if (!done.ok()) done = with_code(std::move(done).error(), Code::kInternal);
  if (done.ok()) done = verify_after(services, request, swap->state(), report);
  if (!done.ok()) return rolled_back(*swap, std::move(done).error());
  CORTEX_TRY(swap->finish());
  return report;
}

}  // namespace cortex::app
