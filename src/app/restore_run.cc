#include "app/restore_run.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "app/operations.h"
#include "app/plain_bundle.h"
#include "app/restore_apply.h"
#include "app/restore_look.h"
#include "app/restore_staged.h"
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
  return make_error(
      Code::kSchema, cat("the bundle's store was made by a newer version: ", newer->detail),
      "the active store was not changed", "restore it with that version", newer->invariant);
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

// The active files, as far as a comparison depends on them.
struct ActivePair {
  fs::Info store, wal, ledger;

  friend bool operator==(const ActivePair& a, const ActivePair& b) {
    const auto same = [](const fs::Info& x, const fs::Info& y) {
      if (x.size_bytes == 0 && y.size_bytes == 0) return true;
      return x.size_bytes == y.size_bytes && x.inode == y.inode && x.modified == y.modified;
    };
    return same(a.store, b.store) && same(a.wal, b.wal) && same(a.ledger, b.ledger);
  }
};

Result<ActivePair> look_at_active(Services& services, const Layout& layout) {
  ActivePair pair;
  CORTEX_ASSIGN(pair.store, services.fs.stat(layout.db_path));
  CORTEX_ASSIGN(pair.wal, services.fs.stat(layout.db_path + "-wal"));
  CORTEX_ASSIGN(pair.ledger, services.fs.stat(layout.event_log_path));
  return pair;
}

// The bundle is looked at in full once: where it lies when nothing will be replaced, else as the
// copy that will be.
class GuidedRestore {
 public:
  GuidedRestore(Services& services, const Environment& environment,
                const RestoreRunRequest& request, RestoreRunReport& report, Progress* progress)
      : services_(services),
        environment_(environment),
        request_(request),
        report_(report),
        progress_(progress) {}

  Status run();

 private:
  Status find(const std::string& plain_dir);
  Status look();
  Status compare();
  Status look_at_bundle();
  Status stage();
  Status check_staged();
  Status look_again();
  Status replace();
  void note_links();
  void record();
  bundle::AuditRow audit_row();
  void add_note(const std::string& text) {
    report_.note += cat(report_.note.empty() ? "" : "; ", text);
  }

  const Layout& layout() const { return request_.layout; }
  const std::string& bundle_store() const { return report_.bundle.artifacts[0].path; }
  const std::string& bundle_ledger() const { return report_.bundle.artifacts[1].path; }
  // A store of 0 bytes has no table for the row about the restore.
  bool has_tables() const { return report_.bundle.manifest.store.size_bytes > 0; }

  Services& services_;
  const Environment& environment_;
  const RestoreRunRequest& request_;
  RestoreRunReport& report_;
  Progress* progress_;
  ActivePair compared_;         // as the active files were then
  bundle::RestoreTrail trail_;  // what the copy has of it
  std::unique_ptr<StagedPair> staged_;
};

Status GuidedRestore::find(const std::string& plain_dir) {
  CORTEX_TRY(bundle::check_inventory(services_.fs, plain_dir));
  CORTEX_ASSIGN(report_.bundle,
                bundle::find_bundle(services_.fs, fs::join(plain_dir, bundle::kManifestName)));
  report_.bundle.manifest_path = fs::join(request_.bundle_dir, bundle::kManifestName);
  return {};
}

// What of the active pair the bundle lacks. What it says of a bundle that is not what was backed up
// does not matter: that one is refused.
Status GuidedRestore::compare() {
  report_.diff.reset();
  report_.loss.reset();
  report_.current_problem.clear();
  CORTEX_ASSIGN(compared_, look_at_active(services_, layout()));
  CORTEX_ASSIGN(const bundle::Snapshot then, snapshot(services_, bundle_store()));
  const auto now = snapshot(services_, layout().db_path);
  if (now.ok()) {
    report_.diff = bundle::compare_snapshots(*now, then, request_.acknowledged_risk);
  } else {
    report_.current_problem = now.error().message;
  }
  const auto ledger = services_.fs.stat(layout().event_log_path);
  if (!ledger.ok() || ledger->kind == fs::Kind::kMissing) return {};
  auto loss = bundle::find_data_loss(services_.fs, {layout().db_path, layout().event_log_path},
                                     {bundle_store(), bundle_ledger()});
  if (loss.ok()) {
    report_.loss = std::move(loss).value();
  } else if (report_.current_problem.empty()) {
    report_.current_problem = loss.error().message;
  }
  return {};
}

Status GuidedRestore::look_at_bundle() {
  CORTEX_TRY(bundle::verify_found(services_.fs, report_.bundle, bundle_store(), bundle_ledger(),
                                  progress_));
  CORTEX_TRY(check_candidate(services_, bundle_store()));
  // The chain of these bytes has just been verified.
  CORTEX_TRY(
      bundle::judge_audit(bundle_ledger(), report_.bundle.content->chain, report_.bundle.manifest));
  return {};
}

// The copy has the digests of the manifest; with the row about this restore in it, it is what will
// be put into place.
Status GuidedRestore::check_staged() {
  CORTEX_ASSIGN(staged_, StagedPair::copy(services_, layout(), report_.bundle, progress_));
  CORTEX_TRY(check_candidate(services_, staged_->store_path()));
  bundle::EditFunction edit;
  if (has_tables()) {
    trail_ = bundle::read_restore_trail(services_.fs, layout().db_path);
    edit = [this](sqlite::Connection& db) -> Status {
      CORTEX_TRY(bundle::add_restore_trail(db, trail_));
      return bundle::insert_audit_row(db, audit_row());
    };
  }
  CORTEX_ASSIGN(report_.bundle.content, staged_->edit_and_look(edit, progress_));
  CORTEX_TRY(
      bundle::judge_audit(bundle_ledger(), report_.bundle.content->chain, report_.bundle.manifest));
  return {};
}

Status GuidedRestore::stage() {
  const Status staged = check_staged();
  if (staged.ok()) return {};
  staged_.reset();
  CORTEX_TRY(look_at_bundle());  // whose fault is it?
  Error error = staged.error();
  if (error.code == Code::kChain || error.code == Code::kQuarantined) {
    error.code = Code::kIntegrity;
  }
  error.unchanged = "the active store was not changed";
  if (error.code == Code::kIntegrity) {
    error.message = cat("the bundle is sound, but could not be copied as it is: ", error.message);
    error.next = "check the device of the data folder, then run the command again";
  }
  return error;
}

// The comparison comes first, so that who is told what would be lost waits for one look only; it is
// reported when the look has been made.
Status GuidedRestore::look() {
  Status compared = compare();
  if (compared.ok() && !request_.dry_run && !report_.blocked()) return stage();
  CORTEX_TRY(look_at_bundle());
  return compared;
}

// Behind the lock: of what was written since the comparison.
Status GuidedRestore::look_again() {
  CORTEX_ASSIGN(const ActivePair now, look_at_active(services_, layout()));
  if (!(now == compared_)) CORTEX_TRY(compare());
  if (!has_tables() || bundle::read_restore_trail(services_.fs, layout().db_path) == trail_) {
    return {};
  }
  return make_error(Code::kPrecondition, "another restore has replaced the store meanwhile",
                    "the active store was not changed", "look at it, then run the command again");
}

bundle::AuditRow GuidedRestore::audit_row() {
  const bundle::ManifestFacts& manifest = report_.bundle.manifest;
  return {.id = bundle::new_audit_id(services_.clock, services_.random),
          .operation = "command.restore.run",
          .target_ref = cat("active_store:", layout().db_path),
          .before_hash = std::nullopt,
          .after_hash = manifest.store.blake3,
          .reason = "store and ledger were replaced by a verified bundle",
          .actor = {{"command", "restore run"}, {"kind", "cli"}, {"scope", "production"}},
          .source_refs = {{"active_db", layout().db_path},
                          {"active_event_log", layout().event_log_path},
                          {"jsonl_mirror_blake3", manifest.ledger.blake3},
                          {"manifest", report_.bundle.manifest_path},
                          {"sqlite_store_blake3", manifest.store.blake3}},
          .created_at = format_rfc3339(services_.clock.now(), Offset::kPlus00)};
}

// What a link in the place of a file points to is left alone: the rename takes the link's place.
void GuidedRestore::note_links() {
  for (const std::string& path : {layout().db_path, layout().event_log_path}) {
    const auto info = services_.fs.lstat(path);
    if (!info.ok() || info->kind != fs::Kind::kSymlink) continue;
    add_note(
        cat(quoted(path),
            " was a symbolic link: the restored file stands in its place, what it pointed to is"
            " as it was"));
  }
}

Status GuidedRestore::replace() {
  const auto& artifacts = report_.bundle.artifacts;
  CORTEX_ASSIGN(auto swap, bundle::Swap::prepare(services_.fs,
                                                 {.operation = "run",
                                                  .scope = "production",
                                                  .active_db = layout().db_path,
                                                  .active_log = layout().event_log_path,
                                                  .source_db = artifacts[0].path,
                                                  .source_log = artifacts[1].path,
                                                  .word = "restore-run",
                                                  .source_db_digest = artifacts[0].digest,
                                                  .source_log_digest = artifacts[1].digest,
                                                  .process_id = environment_.process_id,
                                                  .edit = {},
                                                  .look = {},
                                                  .ready = staged_->ready(),
                                                  .progress = progress_},
                                                 services_.clock));
  report_.evidence_folder = swap->evidence_folder();
  Status done = swap->replace();
  if (done.ok()) done = check_in_place(services_, swap->state().db);
  if (done.ok()) done = check_in_place(services_, swap->state().log);
  if (!done.ok()) return rolled_back(*swap, std::move(done).error());
  report_.ledger_rows = report_.bundle.content->ledger_rows;
  return swap->finish();
}

// The restored ledger says that, when and from what it was restored.
void GuidedRestore::record() {
  const bundle::ManifestFacts& manifest = report_.bundle.manifest;
  const store::Caller caller{.client = request_.client, .reason = "restored from a bundle"};
  const auto recorded =
      perform(services_, layout(), caller,
              [&](sqlite::Connection&) -> Result<std::vector<store::Operation>> {
                json::Object args{{"backup_timestamp", manifest.backup_timestamp},
                                  {"evidence", report_.evidence_folder},
                                  {"jsonl_mirror_blake3", manifest.ledger.blake3},
                                  {"rows", report_.ledger_rows},
                                  {"sqlite_store_blake3", manifest.store.blake3}};
                return std::vector<store::Operation>{{"restore.run", std::move(args)}};
              });
  if (!recorded.ok()) {
    add_note(cat("the restore could not be recorded in the ledger: ", recorded.error().message));
  } else if (!recorded->event_ids.empty()) {
    report_.recorded_event = recorded->event_ids.front();
  }
}

Status GuidedRestore::run() {
  CORTEX_ASSIGN(const PlainBundle plain,
                PlainBundle::open(services_, {request_.bundle_dir, request_.identity_file},
                                  work_dir(services_, environment_, layout()), progress_));
  report_.source = plain.source_kind();
  CORTEX_TRY(find(plain.dir()));
  CORTEX_TRY(look());
  if (request_.dry_run || report_.blocked()) return {};
  CORTEX_TRY(ledger::check_no_restore(services_.fs, layout().event_log_path));
  CORTEX_TRY(prepare_folder(services_, layout()));
  CORTEX_ASSIGN(const auto lock, bundle::RestoreLock::acquire(services_.fs, layout().data_dir));
  // Again: a restore that was at work until now may have left its journal.
  CORTEX_TRY(ledger::check_no_restore(services_.fs, layout().event_log_path));
  CORTEX_TRY(bundle::check_no_marker(services_.fs, layout().data_dir));
  CORTEX_TRY(look_again());
  if (report_.blocked()) return {};
  CORTEX_TRY(bundle::remove_leftovers(services_.fs, layout().db_path, layout().event_log_path));
  CORTEX_TRY(bundle::move_old_evidence(services_.fs, layout().data_dir));
  note_links();
  CORTEX_TRY(replace());
  report_.restored = true;
  record();
  return {};
}

}  // namespace

Result<RestoreRunReport> restore_run(Services& services, const Environment& environment,
                                     const RestoreRunRequest& request, Progress* progress) {
  RestoreRunReport report;
  report.bundle_dir = request.bundle_dir;
  report.layout = request.layout;
  report.dry_run = request.dry_run;
  report.acknowledged = request.acknowledged_risk;
  CORTEX_TRY(GuidedRestore(services, environment, request, report, progress).run());
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
