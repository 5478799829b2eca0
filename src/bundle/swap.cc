#include "bundle/swap.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "bundle/copy.h"
#include "ledger/head_file.h"
#include "ledger/restore_guard.h"
#include "ledger/tlog/sidecar.h"
#include "sqlite/connection.h"
#include "sqlite/failure.h"
#include "sqlite/main_file.h"

namespace cortex::bundle {
namespace {

constexpr std::string_view kUnchanged = "the active store was not changed";

Error swap_refused(Code code, std::string message, std::string next = "") {
  return make_error(code, std::move(message), std::string(kUnchanged), std::move(next));
}

Error internal(Error error) {
  error.code = Code::kInternal;
  error.unchanged = kUnchanged;
  return error;
}

Result<bool> exists(fs::FileSystem& fs, const std::string& path) {
  CORTEX_ASSIGN(const fs::Info info, fs.lstat(path));
  return info.kind != fs::Kind::kMissing;
}

std::string temp_name(const std::string& active, std::string_view word, long process_id) {
  return fs::join(fs::parent_of(active), cat(".", fs::name_of(active), ".", word, "-", process_id));
}

std::string wal_path(const std::string& db) { return db + "-wal"; }

Result<std::uint64_t> wal_bytes(fs::FileSystem& fs, const std::string& db) {
  auto wal = fs.stat(wal_path(db));
  if (!wal.ok()) return swap_refused(Code::kPrecondition, wal.error().message);
  return wal->size_bytes;
}

Error store_in_use(const std::string& db) {
  return swap_refused(
      Code::kPrecondition,
      cat("the store ", quoted(db), " is in use: its write-ahead log cannot be settled"),
      "end the programs that have it open, then run the command again");
}

Status check_not_held(const std::string& db) {
  const auto held = sqlite::is_held(db);
  if (!held.ok()) return swap_refused(Code::kPrecondition, held.error().message);
  return *held ? Status(store_in_use(db)) : Status{};
}

// Everything that was committed is in the file itself afterwards; refused while somebody writes, or
// has a damaged one open. False: the store is too damaged to take its log in, so that the two
// belong together.
Result<bool> settle_wal(fs::FileSystem& fs, const std::string& db) {
  CORTEX_ASSIGN(const std::uint64_t before, wal_bytes(fs, db));
  if (before == 0) return true;
  {
    auto connection = sqlite::Connection::open(db, sqlite::OpenMode::kReadWrite);
    if (!connection.ok()) return swap_refused(Code::kPrecondition, connection.error().message);
    const auto busy = connection->query_int("PRAGMA wal_checkpoint(TRUNCATE)");
    if (busy.ok() && *busy != 0) return store_in_use(db);
    const auto failure = busy.ok() ? sqlite::Failure::kNone : sqlite::failure_of(busy.error());
    if (failure == sqlite::Failure::kBusy || failure == sqlite::Failure::kLocked) {
      return store_in_use(db);
    }
    const bool is_damage = sqlite::is_damage(failure);
    if (!busy.ok() && !is_damage) return swap_refused(Code::kPrecondition, busy.error().message);
    // Closing would try again.
    if (is_damage) CORTEX_TRY(connection->set_no_checkpoint_on_close(true));
  }
  CORTEX_ASSIGN(const std::uint64_t after, wal_bytes(fs, db));
  if (after == 0) return true;
  CORTEX_TRY(check_not_held(db));
  return false;
}

json::Value kept_json(const std::string& path, const FileDigest& digest) {
  return json::Object{{"blake3", digest.blake3}, {"path", path}, {"size_bytes", digest.size_bytes}};
}

}  // namespace

Result<std::unique_ptr<Swap>> Swap::prepare(fs::FileSystem& fs, const SwapPlan& plan,
                                            Clock& clock) {
  SwapState state;
  state.operation = plan.operation;
  state.scope = plan.scope;
  state.started_at = format_rfc3339(clock.now(), Offset::kPlus00);
  state.db.active = plan.active_db;
  state.db.temporary = temp_name(plan.active_db, plan.word, plan.process_id);
  state.log.active = plan.active_log;
  state.log.temporary = temp_name(plan.active_log, plan.word, plan.process_id);
  auto swap = std::make_unique<Swap>(fs, std::move(state));
  if (plan.keep_evidence) {
    auto there = exists(fs, swap->evidence_folder());
    if (!there.ok()) return with_code(std::move(there).error(), Code::kPrecondition);
    if (*there) {
      return swap_refused(Code::kPrecondition,
                          cat("the recovery evidence directory ", quoted(swap->evidence_folder()),
                              " already exists"),
                          "check what it holds, then move it away");
    }
  }
  for (const std::string& path : {swap->state_.db.temporary, swap->state_.log.temporary}) {
    auto there = exists(fs, path);
    if (!there.ok()) return with_code(std::move(there).error(), Code::kPrecondition);
    if (*there) {
      return swap_refused(Code::kPrecondition,
                          cat("the temporary file ", quoted(path), " already exists"),
                          "move it away");
    }
  }
  // Of an interrupted restore that this one overrules.
  CORTEX_ASSIGN(const bool overrules, exists(fs, swap_state_path(plan.active_log)));
  Status prepared = plan.ready ? swap->take_ready(*plan.ready) : swap->copy_new(plan);
  if (prepared.ok()) prepared = swap->keep_old(plan);
  bool is_written = false;
  if (prepared.ok()) {
    is_written = true;
    prepared = write_swap_state(fs, swap->state_);
  }
  if (prepared.ok()) return swap;
  Error error = std::move(prepared).error();
  error.unchanged = kUnchanged;
  // A journal whose sync failed may be there, and names what would be removed now.
  if (is_written && !swap->withdraw_journal(overrules)) {
    error.unchanged = cat(kUnchanged, ", and the restore is unfinished: nothing else can write");
    error.next = "run `cortex restore resume`";
    return error;
  }
  swap->discard();
  return error;
}

// True when no journal of this restore is there any more.
bool Swap::withdraw_journal(bool overrules) {
  const auto there = exists(fs_, swap_state_path(state_.log.active));
  if (there.ok() && !*there) return true;
  return !overrules && remove_swap_state(fs_, state_).ok();
}

Status Swap::copy_new(const SwapPlan& plan) {
  begin_phase(plan.progress, "copying",
              plan.source_db_digest.size_bytes + plan.source_log_digest.size_bytes);
  const NewFile db{"sqlite_store", plan.source_db, state_.db.temporary, plan.source_db_digest,
                   mode_of(fs_, state_.db.active)};
  const NewFile log{"jsonl_mirror", plan.source_log, state_.log.temporary, plan.source_log_digest,
                    mode_of(fs_, state_.log.active)};
  CORTEX_TRY(copy_new_file(fs_, db, plan.progress));
  state_.db.fresh = db.digest;
  CORTEX_TRY(copy_new_file(fs_, log, plan.progress));
  state_.log.fresh = log.digest;
  if (plan.edit) CORTEX_TRY(edit_new_store(fs_, db, plan.edit));
  if (plan.look) return look_at_new(plan.look, static_cast<bool>(plan.edit));
  if (plan.edit) {
    CORTEX_ASSIGN(state_.db.fresh, digest_file(fs_, state_.db.temporary, Source::kAnywhere));
  }
  return {};
}

// From here on the two are what was looked at, or they are not put into place.
Status Swap::look_at_new(const LookFunction& look, bool is_edited) {
  CORTEX_ASSIGN(const FilesReport files, look(state_.db.temporary, state_.log.temporary));
  if (files.ledger != state_.log.fresh || (!is_edited && files.store != state_.db.fresh)) {
    return with_token(
        swap_refused(Code::kIntegrity, "digest mismatch: what was copied reads back differently"),
        kBackupDigestToken);
  }
  state_.db.fresh = files.store;
  return {};
}

Status Swap::take_ready(const ReadyPair& ready) {
  state_.db.fresh = ready.db_digest;
  state_.log.fresh = ready.log_digest;
  CORTEX_TRY(move_new_file(fs_, {"sqlite_store", ready.db, state_.db.temporary, ready.db_digest,
                                 mode_of(fs_, state_.db.active)}));
  return move_new_file(fs_, {"jsonl_mirror", ready.log, state_.log.temporary, ready.log_digest,
                             mode_of(fs_, state_.log.active)});
}

Status Swap::keep_old(const SwapPlan& plan) {
  if (plan.keep_evidence) {
    auto log = fs_.open(state_.log.active, fs::Open::kRead);
    if (!log.ok()) return internal(std::move(log).error());
    writers_ = std::move(log).value();
  } else {
    CORTEX_ASSIGN(const fs::Info info, fs_.stat(state_.log.active));
    if (info.kind == fs::Kind::kFile) {
      CORTEX_ASSIGN(writers_, fs_.open(state_.log.active, fs::Open::kRead));
    }
  }
  if (writers_) CORTEX_TRY(ledger::lock_in_place(fs_, *writers_, fs::Lock::kExclusive));
  if (!plan.keep_evidence) return {};
  CORTEX_ASSIGN(const bool is_settled, settle_wal(fs_, state_.db.active));
  const std::string folder = evidence_folder();
  if (auto made = fs_.make_directory(folder, 0700); !made.ok()) {
    return internal(std::move(made).error());
  }
  made_evidence_ = true;
  for (SwapFile* file : {&state_.db, &state_.log}) {
    file->backup = fs::join(folder, cat("current.", fs::name_of(file->active)));
    auto copied = copy_file(fs_, file->active, file->backup, mode_of(fs_, file->active));
    if (!copied.ok()) return internal(std::move(copied).error());
    file->old = std::move(copied).value();
  }
  if (!is_settled) CORTEX_TRY(keep_wal());
  // Whoever wrote past the ledger's lock meanwhile would be lost.
  CORTEX_ASSIGN(const std::uint64_t wal, wal_bytes(fs_, state_.db.active));
  if (wal != (state_.wal ? state_.wal->old.size_bytes : 0)) {
    return swap_refused(Code::kPrecondition, "the store was written to while it was copied",
                        "end the programs that have it open, then run the command again");
  }
  CORTEX_TRY(write_recovery_manifest(plan));
  CORTEX_TRY(fs_.sync_directory(folder));
  return fs_.sync_directory(fs::parent_of(folder));
}

// What may be in the log alone is evidence, too.
Status Swap::keep_wal() {
  const std::string active = wal_path(state_.db.active);
  SwapLog& wal = state_.wal.emplace();
  wal.backup = wal_path(state_.db.backup);
  auto copied = copy_file(fs_, active, wal.backup, mode_of(fs_, active));
  if (!copied.ok()) return internal(std::move(copied).error());
  wal.old = std::move(copied).value();
  return check_not_held(state_.db.active);
}

Status Swap::write_recovery_manifest(const SwapPlan& plan) {
  json::Object backups{{"db", kept_json(state_.db.backup, state_.db.old)},
                       {"event_log", kept_json(state_.log.backup, state_.log.old)}};
  if (state_.wal) backups.add("db_wal", kept_json(state_.wal->backup, state_.wal->old));
  const json::Object document{
      {"active", json::Object{{"db", state_.db.active}, {"event_log", state_.log.active}}},
      {"active_backups", std::move(backups)},
      {"kind", kRecoveryKind},
      {"operator_action",
       "to get the files from before back, run `cortex restore recover-apply --manifest` on this "
       "file"},
      {"schema_version", 1},
      {"scope", plan.scope},
      {"staged", json::Object{{"db", plan.source_db}, {"event_log", plan.source_log}}},
      {"status", kRecoveryStatus},
      {"temporary_apply",
       json::Object{{"db", state_.db.temporary}, {"event_log", state_.log.temporary}}}};
  const std::string path = fs::join(evidence_folder(), kRecoveryManifest);
  return fs::write_new(fs_, path, json::write_pretty(document, json::Keys::kSorted), 0600);
}

std::string Swap::evidence_folder() const {
  return fs::join(fs::parent_of(state_.db.active), kEvidenceFolder);
}

// Best effort: what was made is taken away again, the old files were never touched.
void Swap::discard() {
  static_cast<void>(remove_if_there(fs_, state_.db.temporary).ok());
  static_cast<void>(remove_if_there(fs_, wal_path(state_.db.temporary)).ok());
  static_cast<void>(remove_if_there(fs_, state_.db.temporary + "-shm").ok());
  static_cast<void>(remove_if_there(fs_, state_.db.temporary + "-journal").ok());
  static_cast<void>(remove_if_there(fs_, state_.log.temporary).ok());
  if (made_evidence_) static_cast<void>(fs::remove_tree(fs_, evidence_folder()).ok());
  writers_.reset();
}

namespace {

// What belongs to the replaced content and would be read into the new one.
Status clear_beside(fs::FileSystem& fs, const std::string& active, bool is_store) {
  if (!is_store) {
    // What was promised about the replaced ledger says nothing about this one; the tree is made
    // anew.
    CORTEX_TRY(remove_if_there(fs, ledger::head_file_path(active)));
    return remove_if_there(fs, ledger::tree_state_path(active));
  }
  for (const char* suffix : {"-wal", "-shm", "-journal"}) {
    CORTEX_TRY(remove_if_there(fs, active + suffix));
  }
  return {};
}

}  // namespace

Status Swap::place(const SwapFile& file, bool is_store) {
  CORTEX_ASSIGN(const bool waiting, exists(fs_, file.temporary));
  if (!waiting) return {};  // replaced before
  CORTEX_ASSIGN(const FileDigest digest, digest_file(fs_, file.temporary, Source::kAnywhere));
  if (digest != file.fresh) {
    return make_error(Code::kIntegrity,
                      cat("the new content ", quoted(file.temporary), " is not what was prepared"));
  }
  CORTEX_TRY(clear_beside(fs_, file.active, is_store));
  return fs_.replace(file.temporary, file.active);
}

Status Swap::replace() {
  CORTEX_TRY(place(state_.db, true));
  CORTEX_TRY(place(state_.log, false));
  const std::string store_folder = fs::parent_of(state_.db.active);
  const std::string ledger_folder = fs::parent_of(state_.log.active);
  CORTEX_TRY(fs_.sync_directory(store_folder));
  // Not only with the journal, which may go before the rename does.
  if (ledger_folder != store_folder) CORTEX_TRY(fs_.sync_directory(ledger_folder));
  writers_.reset();  // whoever waited finds the new ledger, and the journal
  return {};
}

Status Swap::finish() { return remove_swap_state(fs_, state_); }

Status remove_leftovers(fs::FileSystem& fs, const std::string& active_db,
                        const std::string& active_log) {
  const std::string folder = fs::parent_of(active_db);
  CORTEX_ASSIGN(const auto names, fs.list(folder));
  constexpr std::string_view kWords[] = {"apply-stage-", "recover-apply-", "restore-", "rollback"};
  for (const std::string& active : {active_db, wal_path(active_db), active_log}) {
    const std::string prefix = cat(".", fs::name_of(active), ".");
    for (const std::string& name : names) {
      if (!name.starts_with(prefix)) continue;
      const std::string_view rest = std::string_view(name).substr(prefix.size());
      const bool ours = std::ranges::any_of(
          kWords, [rest](std::string_view word) { return rest.starts_with(word); });
      if (ours) CORTEX_TRY(remove_if_there(fs, fs::join(folder, name)));
    }
  }
  const std::string evidence = fs::join(folder, kEvidenceFolder);
  CORTEX_ASSIGN(const bool there, exists(fs, evidence));
  if (!there) return {};
  return is_evidence(fs, evidence) ? Status{} : fs::remove_tree(fs, evidence);
}

bool is_evidence(fs::FileSystem& fs, const std::string& folder) {
  const auto manifest = fs::read_all(fs, fs::join(folder, kRecoveryManifest), 1U << 20U);
  return manifest.ok() && json::parse(*manifest).ok();
}

Status move_old_evidence(fs::FileSystem& fs, const std::string& data_dir) {
  const std::string folder = fs::join(data_dir, kEvidenceFolder);
  CORTEX_ASSIGN(const bool there, exists(fs, folder));
  if (!there) return {};
  for (int n = 1;; ++n) {
    const std::string numbered = cat(folder, ".", n);
    CORTEX_ASSIGN(const bool taken, exists(fs, numbered));
    if (!taken) return fs.rename_no_replace(folder, numbered);
  }
}

Status put_back(fs::FileSystem& fs, const std::string& from, const FileDigest& digest,
                const std::string& target, bool is_store) {
  const std::string temporary =
      fs::join(fs::parent_of(target), cat(".", fs::name_of(target), ".rollback"));
  CORTEX_TRY(remove_if_there(fs, temporary));
  CORTEX_ASSIGN(const FileDigest copied, copy_file(fs, from, temporary, mode_of(fs, from)));
  if (copied != digest) {
    static_cast<void>(fs.remove_file(temporary).ok());  // the mismatch is what is reported
    return with_token(make_error(Code::kIntegrity,
                                 cat("digest mismatch: ", quoted(from), " is not what was kept")),
                      kBackupDigestToken);
  }
  CORTEX_TRY(clear_beside(fs, target, is_store));
  CORTEX_TRY(fs.replace(temporary, target));
  return fs.sync_directory(fs::parent_of(target));
}

Status Swap::roll_back() {
  if (!state_.has_backups()) {
    Error error = make_error(Code::kPrecondition, "this restore kept no files to go back to");
    error.next = "finish it with `cortex restore resume`";
    return error;
  }
  CORTEX_TRY(put_back(fs_, state_.db.backup, state_.db.old, state_.db.active, true));
  if (state_.wal) {
    CORTEX_TRY(
        put_back(fs_, state_.wal->backup, state_.wal->old, wal_path(state_.db.active), true));
  }
  CORTEX_TRY(put_back(fs_, state_.log.backup, state_.log.old, state_.log.active, false));
  CORTEX_TRY(remove_if_there(fs_, state_.db.temporary));
  CORTEX_TRY(remove_if_there(fs_, state_.log.temporary));
  writers_.reset();
  return remove_swap_state(fs_, state_);
}

}  // namespace cortex::bundle
