#include "app/restore_run.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "app/operations.h"
#include "app/plain_bundle.h"
#include "app/restore_apply.h"
#include "app/restore_look.h"
#include "base/text.h"
#include "bundle/audit_row.h"
#include "bundle/inventory.h"
#include "bundle/restore_lock.h"
#include "bundle/swap.h"
#include "ledger/restore_guard.h"
#include "store/open.h"
#include "store/schema_check.h"

namespace cortex::app {
namespace {

// A store of 0 bytes, as `init` makes it, believes nothing.
Result<bundle::Snapshot> snapshot(Services& services, const std::string& db) {
  CORTEX_ASSIGN(const fs::Info info, services.fs.stat(db));
  if (info.kind == fs::Kind::kMissing || (info.kind == fs::Kind::kFile && info.size_bytes == 0)) {
    return bundle::Snapshot{};
  }
  return bundle::snapshot_of_store(services.fs, db);
}

// A store of a newer program would be restored, and then nobody could use it.
Status check_candidate(Services& services, const std::string& store) {
  CORTEX_ASSIGN(const fs::Info info, services.fs.stat(store));
  if (info.size_bytes == 0) return {};
  std::vector<store::SchemaFailure> failures;
  CORTEX_TRY(store::inspect(services.fs, store, [&failures](sqlite::Connection& db) -> Status {
    CORTEX_ASSIGN(failures, store::check_schema(db));
    return {};
  }));
  const auto newer = std::ranges::find_if(failures, [](const store::SchemaFailure& failure) {
    // An older store is brought up to date when it is opened.
    return !failure.invariant.starts_with("schema_shape.");
  });
  if (newer == failures.end()) return {};
  Error error = make_error(Code::kSchema,
                           cat("the bundle's store was made by a newer version: ", newer->detail),
                           "the active store was not changed", "restore it with that version");
  error.token = newer->invariant;
  return error;
}

Status look(Services& services, const RestoreRunRequest& request, const std::string& plain_dir,
            RestoreRunReport& report, Progress* progress) {
  const std::string manifest = fs::join(plain_dir, bundle::kManifestName);
  CORTEX_TRY(bundle::check_inventory(services.fs, plain_dir));
  CORTEX_ASSIGN(report.bundle, bundle::verify_bundle(services.fs, manifest, true, progress));
  report.bundle.manifest_path = fs::join(request.bundle_dir, bundle::kManifestName);
  const std::string& store = report.bundle.artifacts[0].path;
  const std::string& log = report.bundle.artifacts[1].path;
  CORTEX_TRY(check_candidate(services, store));
  // The chain of these bytes has just been verified.
  CORTEX_TRY(bundle::judge_audit(log, report.bundle.content->chain, report.bundle.manifest));
  CORTEX_ASSIGN(const bundle::Snapshot then, snapshot(services, store));
  const auto now = snapshot(services, request.layout.db_path);
  if (now.ok()) {
    report.diff = bundle::compare_snapshots(*now, then, request.acknowledged_risk);
  } else {
    report.current_problem = now.error().message;
  }
  const auto ledger = services.fs.stat(request.layout.event_log_path);
  if (!ledger.ok() || ledger->kind == fs::Kind::kMissing) return {};
  auto loss = bundle::find_data_loss(
      services.fs, {request.layout.db_path, request.layout.event_log_path}, {store, log});
  if (loss.ok()) {
    report.loss = std::move(loss).value();
  } else if (report.current_problem.empty()) {
    report.current_problem = loss.error().message;
  }
  return {};
}

// What is decrypted or put together lies beside the data, where plain text lies anyway; when that
// folder is gone, in the temporary one.
std::string work_dir(Services& services, const Environment& environment, const Layout& layout) {
  const auto info = services.fs.stat(layout.data_dir);
  if (info.ok() && info->kind == fs::Kind::kDirectory) return layout.data_dir;
  return environment.get("TMPDIR").value_or("/tmp");
}

// What is missing counts as empty, so that there is something to go back to.
Status prepare_folder(Services& services, const Layout& layout) {
  CORTEX_ASSIGN(const fs::Info folder, services.fs.stat(layout.data_dir));
  if (folder.kind == fs::Kind::kMissing) {
    CORTEX_TRY(services.fs.make_directories(layout.data_dir, 0700));
  }
  for (const std::string& path : {layout.db_path, layout.event_log_path}) {
    CORTEX_ASSIGN(const fs::Info info, services.fs.stat(path));
    if (info.kind == fs::Kind::kMissing) CORTEX_TRY(fs::write_new(services.fs, path, "", 0600));
  }
  return services.fs.sync_directory(layout.data_dir);
}

bundle::AuditRow audit_row(Services& services, const RestoreRunReport& report) {
  const bundle::ManifestFacts& manifest = report.bundle.manifest;
  return {.id = bundle::new_audit_id(services.clock, services.random),
          .operation = "command.restore.run",
          .target_ref = cat("active_store:", report.layout.db_path),
          .before_hash = std::nullopt,
          .after_hash = manifest.store.blake3,
          .reason = "store and ledger were replaced by a verified bundle",
          .actor = {{"command", "restore run"}, {"kind", "cli"}, {"scope", "production"}},
          .source_refs = {{"active_db", report.layout.db_path},
                          {"active_event_log", report.layout.event_log_path},
                          {"jsonl_mirror_blake3", manifest.ledger.blake3},
                          {"manifest", report.bundle.manifest_path},
                          {"sqlite_store_blake3", manifest.store.blake3}},
          .created_at = format_rfc3339(services.clock.now(), Offset::kPlus00)};
}

Status replace(Services& services, const Environment& environment, RestoreRunReport& report,
               Progress* progress) {
  const bundle::AuditRow row = audit_row(services, report);
  const auto& artifacts = report.bundle.artifacts;
  bundle::SwapPlan plan{.operation = "run",
                        .scope = "production",
                        .active_db = report.layout.db_path,
                        .active_log = report.layout.event_log_path,
                        .source_db = artifacts[0].path,
                        .source_log = artifacts[1].path,
                        .word = "restore-run",
                        .source_db_digest = artifacts[0].digest,
                        .source_log_digest = artifacts[1].digest,
                        .process_id = environment.process_id,
                        .edit = {},
                        .progress = progress};
  if (artifacts[0].digest.size_bytes > 0) {
    plan.edit = [&](sqlite::Connection& db) -> Status {
      CORTEX_TRY(bundle::keep_restore_trail(services.fs, report.layout.db_path, db));
      return bundle::insert_audit_row(db, row);
    };
  }
  CORTEX_ASSIGN(auto swap, bundle::Swap::prepare(services.fs, plan, services.clock));
  report.evidence_folder = swap->evidence_folder();
  Status done = swap->replace();
  if (done.ok()) {
    auto rows = verify_in_place(services, swap->state());
    if (rows.ok()) {
      report.ledger_rows = *rows;
    } else {
      done = std::move(rows).error();
    }
  }
  if (!done.ok()) return rolled_back(*swap, std::move(done).error());
  return swap->finish();
}

// The restored ledger says that, when and from what it was restored.
void record(Services& services, const RestoreRunRequest& request, RestoreRunReport& report) {
  const bundle::ManifestFacts& manifest = report.bundle.manifest;
  const store::Caller caller{.client = request.client, .reason = "restored from a bundle"};
  const auto recorded =
      perform(services, report.layout, caller,
              [&](sqlite::Connection&) -> Result<std::vector<store::Operation>> {
                json::Object args{{"backup_timestamp", manifest.backup_timestamp},
                                  {"evidence", report.evidence_folder},
                                  {"jsonl_mirror_blake3", manifest.ledger.blake3},
                                  {"rows", report.ledger_rows},
                                  {"sqlite_store_blake3", manifest.store.blake3}};
                return std::vector<store::Operation>{{"restore.run", std::move(args)}};
              });
  if (!recorded.ok()) {
    report.note =
        cat("the restore could not be recorded in the ledger: ", recorded.error().message);
  } else if (!recorded->event_ids.empty()) {
    report.recorded_event = recorded->event_ids.front();
  }
}

}  // namespace

Result<RestoreRunReport> restore_run(Services& services, const Environment& environment,
                                     const RestoreRunRequest& request, Progress* progress) {
  RestoreRunReport report;
  report.bundle_dir = request.bundle_dir;
  report.layout = request.layout;
  report.dry_run = request.dry_run;
  report.acknowledged = request.acknowledged_risk;
  CORTEX_ASSIGN(const PlainBundle plain,
                PlainBundle::open(services, {request.bundle_dir, request.identity_file},
                                  work_dir(services, environment, request.layout), progress));
  report.source = plain.source_kind();
  CORTEX_TRY(look(services, request, plain.dir(), report, progress));
  if (request.dry_run || report.blocked()) return report;
  CORTEX_TRY(ledger::check_no_restore(services.fs, request.layout.event_log_path));
  CORTEX_TRY(prepare_folder(services, request.layout));
  CORTEX_ASSIGN(const auto lock,
                bundle::RestoreLock::acquire(services.fs, request.layout.data_dir));
  // Again: a restore that was at work until now may have left its journal.
  CORTEX_TRY(ledger::check_no_restore(services.fs, request.layout.event_log_path));
  CORTEX_TRY(bundle::check_no_marker(services.fs, request.layout.data_dir));
  CORTEX_TRY(
      bundle::remove_leftovers(services.fs, request.layout.db_path, request.layout.event_log_path));
  CORTEX_TRY(bundle::move_old_evidence(services.fs, request.layout.data_dir));
  CORTEX_TRY(replace(services, environment, report, progress));
  report.restored = true;
  record(services, request, report);
  return report;
}

json::Value to_json(const RestoreRunReport& report) {
  json::Object out{{"acknowledged_recovery_risk", report.acknowledged},
                   {"active_db", report.layout.db_path},
                   {"active_event_log", report.layout.event_log_path},
                   {"blocked", report.blocked()},
                   {"bundle_dir", report.bundle_dir},
                   {"command", "restore.run"},
                   {"dry_run", report.dry_run},
                   {"ledger_rows", report.ledger_rows},
                   {"mutated_store", report.restored},
                   {"restore_performed", report.restored},
                   {"source", report.source},
                   {"structural_verification", structural_verification(report.bundle)}};
  if (report.bundle.content) out.add("bundle_verification", to_json(*report.bundle.content));
  if (report.loss) out.add("data_loss", to_json(*report.loss));
  if (report.diff) {
    out.add(
        "semantic_diff",
        bundle::diff_block(*report.diff, cat("candidate_store:", report.bundle.artifacts[0].path)));
  }
  if (!report.current_problem.empty()) out.add("current_problem", report.current_problem);
  if (report.restored) {
    out.add("evidence_folder", report.evidence_folder);
    out.add("recorded_event", report.recorded_event);
  }
  if (!report.note.empty()) out.add("note", report.note);
  return json::sorted(std::move(out));
}

}  // namespace cortex::app
