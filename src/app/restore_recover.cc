// `restore recover-apply` and `restore resume`.
#include <utility>

#include "app/restore_apply.h"
#include "app/restore_look.h"
#include "app/restore_staged.h"
#include "base/fixed_bytes.h"
#include "base/text.h"
#include "bundle/audit_row.h"
#include "bundle/fields.h"
#include "bundle/restore_lock.h"
#include "crypto/ed25519.h"
#include "crypto/key_file.h"
#include "store/open.h"
#include "store/timelines.h"

namespace cortex::app {
namespace {

constexpr std::uint64_t kRecoveryManifestBytesMax = 1U << 20U;
constexpr std::string_view kProduction = "production";
constexpr std::string_view kRecoveryAuthority =
    "restore.recover_apply.operator_temporal_authority.revalidation_failed";

Error recovery_refused(std::string message, std::string next = "",
                       Code code = Code::kPrecondition) {
  return make_error(code, std::move(message), "the active store was not changed", std::move(next));
}

struct Kept {
  std::string path;
  bundle::FileDigest digest;
};

struct RecoveryFacts {
  std::string kind, scope, status;
  std::uint64_t schema_version = 0;
  std::string active_db, active_log;
  Kept db, log, db_wal;  // db_wal: of a store that was damaged; else without a path
};

std::function<bool(json::Cursor&)> kept_into(Kept& out) {
  return [&out](json::Cursor& cursor) {
    const bundle::Field fields[] = {
        {"blake3", bundle::text_into(out.digest.blake3)},
        {"path", bundle::text_into(out.path)},
        {"size_bytes", bundle::count_into(out.digest.size_bytes, ~0ULL)}};
    return bundle::read_fields(cursor, fields);
  };
}

Result<RecoveryFacts> read_recovery_manifest(Services& services, const std::string& path) {
  auto text = fs::read_all(services.fs, path, kRecoveryManifestBytesMax);
  if (!text.ok()) return recovery_refused(text.error().message, "give the RECOVERY_MANIFEST.json");
  RecoveryFacts facts;
  const auto active = [&facts](json::Cursor& cursor) {
    const bundle::Field fields[] = {{"db", bundle::text_into(facts.active_db)},
                                    {"event_log", bundle::text_into(facts.active_log)}};
    return bundle::read_fields(cursor, fields);
  };
  const auto backups = [&facts](json::Cursor& cursor) {
    const bundle::Field fields[] = {{"db", kept_into(facts.db)},
                                    {"event_log", kept_into(facts.log)},
                                    {"db_wal", kept_into(facts.db_wal), false}};
    return bundle::read_fields(cursor, fields);
  };
  const bundle::Field fields[] = {
      {"kind", bundle::text_into(facts.kind)},
      {"schema_version", bundle::count_into(facts.schema_version, 65535)},
      {"scope", bundle::text_into(facts.scope)},
      {"status", bundle::text_into(facts.status)},
      {"active", active},
      {"active_backups", backups}};
  if (auto read = bundle::read_document(*text, fields); !read.ok()) {
    return recovery_refused(cat("the recovery manifest is malformed: ", read.error().message));
  }
  if (facts.kind != bundle::kRecoveryKind) {
    return recovery_refused(cat("the recovery manifest has an invalid kind ", quoted(facts.kind)));
  }
  if (facts.schema_version != 1) {
    return recovery_refused(
        cat("the recovery manifest has schema_version ", facts.schema_version, ", expected 1"), "",
        Code::kSchema);
  }
  if (facts.scope != "temp-test" && facts.scope != kProduction) {
    return recovery_refused(
        cat("the recovery manifest has an unknown scope ", quoted(facts.scope)));
  }
  if (facts.status != bundle::kRecoveryStatus) {
    return recovery_refused(cat("the recovery manifest has status ", quoted(facts.status)));
  }
  if (!facts.db_wal.path.empty()) {
    return recovery_refused(
        cat("the kept store ", quoted(facts.db.path),
            " was too damaged to take in its write-ahead log, and is no store to go back to"),
        "restore a bundle; the kept files are for whoever looks for what was in them");
  }
  return facts;
}

Status check_kept(Services& services, const Kept& kept, const std::string& folder,
                  std::string_view what) {
  const auto info = services.fs.stat(kept.path);
  if (!info.ok() || info->kind == fs::Kind::kMissing) {
    return recovery_refused(cat("the kept ", what, " ", quoted(kept.path), " is missing"));
  }
  if (info->kind != fs::Kind::kFile) {
    return recovery_refused(
        cat("the kept ", what, " ", quoted(kept.path), " is not a regular file"));
  }
  const auto canonical = services.fs.canonical(kept.path);
  const auto home = services.fs.canonical(folder);
  if (!canonical.ok() || !home.ok() || fs::parent_of(*canonical) != *home) {
    return recovery_refused(cat("the kept ", what, " ", quoted(kept.path),
                                " is outside the recovery manifest directory"));
  }
  if (info->size_bytes != kept.digest.size_bytes) {
    return recovery_refused(cat("size mismatch of the kept ", what, ": ", info->size_bytes,
                                " bytes, not ", kept.digest.size_bytes),
                            "", Code::kQuarantined);
  }
  auto digest = bundle::digest_file(services.fs, kept.path, bundle::Source::kAnywhere);
  if (!digest.ok()) return with_code(std::move(digest).error(), Code::kPrecondition);
  if (*digest == kept.digest) return {};
  return recovery_refused(cat("digest mismatch of the kept ", what, " ", quoted(kept.path)), "",
                          Code::kQuarantined);
}

Status check_active(Services& services, const std::string& path, std::string_view what) {
  const auto info = services.fs.lstat(path);
  if (!info.ok()) return with_code(info.error(), Code::kPrecondition);
  if (info->kind == fs::Kind::kMissing || info->kind == fs::Kind::kFile) return {};
  return recovery_refused(
      cat("the active ", what, " path ", quoted(path),
          info->kind == fs::Kind::kSymlink ? " is a symlink" : " is not a regular file"));
}

Error unauthorised(std::string message) {
  return with_token(
      recovery_refused(std::move(message), "give the seed of an operator's key that is active now"),
      kRecoveryAuthority);
}

// What the timelines of the store at `path` say of the key, now.
Result<trust::Authority> authority_in(Services& services, const std::string& path,
                                      const std::string& key_id) {
  trust::KeyEvidence evidence;
  const Timestamp now = services.clock.now();
  CORTEX_TRY(store::inspect(services.fs, path, [&](sqlite::Connection& db) -> Status {
    CORTEX_ASSIGN(evidence, store::key_evidence(db, key_id, now, now));
    return {};
  }));
  return trust::revalidate(std::move(evidence), trust::Tier::kOperator);
}

// Of a restore in production: an operator of the store that is being recovered has signed the
// recovery manifest. Where that store is damaged, or does not know him, the kept one decides: it is
// the state from before.
Status check_signature(Services& services, const RecoverRequest& request,
                       const RecoveryFacts& facts) {
  if (!request.manifest_signature || !request.operator_key) {
    return unauthorised(
        "a restore in production is undone with --manifest-signature and"
        " --operator-verification-key");
  }
  auto key = crypto::read_public_key(services.fs, *request.operator_key);
  if (!key.ok()) return unauthorised(key.error().message);
  const auto bytes = fs::read_all(services.fs, request.manifest, kRecoveryManifestBytesMax);
  const auto signature =
      fs::read_all(services.fs, *request.manifest_signature, kRecoveryManifestBytesMax);
  const auto raw = signature.ok() ? fixed_bytes<crypto::Signature>(*signature) : std::nullopt;
  if (!bytes.ok() || !raw) {
    return unauthorised("the signature of the recovery manifest cannot be read as 64 bytes");
  }
  if (!crypto::verify(*key, *bytes, *raw)) {
    return unauthorised("the signature is not one of this key over the recovery manifest");
  }
  const std::string key_id = crypto::key_id(*key);
  auto authority = authority_in(services, facts.active_db, key_id);
  if (!authority.ok() || !authority->evidence.principal_id) {
    authority = authority_in(services, facts.db.path, key_id);
  }
  if (!authority.ok()) return unauthorised(authority.error().message);
  if (authority->valid_now) return {};
  return unauthorised(cat("the key ", key_id, " may not recover: ", authority->joined_reasons()));
}

Status check_authority(Services& services, const RecoverRequest& request) {
  if (!request.attestation) return unauthorised("--attestation <PATH> is required");
  auto key = crypto::read_signing_key(services.fs, *request.attestation);
  if (!key.ok()) {
    return unauthorised(cat(key.error().message, " (a seed has exactly 32 bytes)"));
  }
  CORTEX_ASSIGN(const trust::Authority authority,
                authority_in(services, request.layout.db_path, key->key_id()));
  if (authority.valid_now) return {};
  return unauthorised(
      cat("the key ", key->key_id(), " may not recover: ", authority.joined_reasons()));
}

bundle::AuditRow audit_row(Services& services, const RecoverRequest& request,
                           const RecoveryFacts& facts, const std::string& before) {
  return {.id = bundle::new_audit_id(services.clock, services.random),
          .operation = "command.restore.recover_apply",
          .target_ref = cat("active_store:", facts.active_db),
          .before_hash = before,
          .after_hash = facts.db.digest.blake3,
          .reason = "store and ledger from before a restore were put back",
          .actor = {{"command", "restore recover-apply"}, {"kind", "cli"}, {"scope", facts.scope}},
          .source_refs = {{"active_db", facts.active_db},
                          {"active_db_backup", facts.db.path},
                          {"active_db_backup_blake3", facts.db.digest.blake3},
                          {"active_event_log", facts.active_log},
                          {"active_event_log_backup", facts.log.path},
                          {"active_event_log_backup_blake3", facts.log.digest.blake3},
                          {"after_hash_semantics",
                           "digest of the kept store; the restored file also holds this row"},
                          {"manifest", request.manifest},
                          {"scope", facts.scope}},
          .created_at = format_rfc3339(services.clock.now(), Offset::kPlus00)};
}

Status check_recovery(Services& services, const Environment& environment,
                      const RecoverRequest& request, const RecoveryFacts& facts) {
  if (fs::parent_of(facts.active_db) != fs::parent_of(facts.active_log)) {
    return recovery_refused("the active store and ledger do not share one folder");
  }
  const bool production = facts.scope == kProduction;
  if (!production && !is_temporary(services, environment, fs::parent_of(facts.active_db))) {
    return recovery_refused(cat("the data folder ", quoted(fs::parent_of(facts.active_db)),
                                " is not under the system temp directory"));
  }
  const std::string folder = fs::parent_of(request.manifest);
  CORTEX_TRY(check_kept(services, facts.db, folder, "store"));
  CORTEX_TRY(check_kept(services, facts.log, folder, "ledger"));
  CORTEX_TRY(check_active(services, facts.active_db, "SQLite"));
  CORTEX_TRY(check_active(services, facts.active_log, "JSONL"));
  return production ? check_signature(services, request, facts)
                    : check_authority(services, request);
}

}  // namespace

Result<RecoverReport> recover_apply(Services& services, const Environment& environment,
                                    const RecoverRequest& request) {
  if (!request.acknowledged_restore ||
      (!request.acknowledged_temporary && !request.manifest_signature)) {
    return recovery_refused(
        "--acknowledge-current-backup-restore and --acknowledge-temp-test-data-dir are"
        " required",
        "run again with both flags");
  }
  CORTEX_ASSIGN(const RecoveryFacts facts, read_recovery_manifest(services, request.manifest));
  CORTEX_TRY(check_recovery(services, environment, request, facts));
  auto before = bundle::digest_file(services.fs, facts.active_db, bundle::Source::kAnywhere);
  if (!before.ok()) return with_code(std::move(before).error(), Code::kPrecondition);
  const std::string data_dir = fs::parent_of(facts.active_db);
  CORTEX_ASSIGN(const auto lock, bundle::RestoreLock::acquire(services.fs, data_dir));
  CORTEX_ASSIGN(const auto unfinished, bundle::read_swap_state(services.fs, facts.active_log));
  const bundle::AuditRow row = audit_row(services, request, facts, before->blake3);
  CORTEX_ASSIGN(
      auto swap,
      bundle::Swap::prepare(
          services.fs,
          {.operation = "recover_apply",
           .scope = facts.scope,
           .active_db = facts.active_db,
           .active_log = facts.active_log,
           .source_db = facts.db.path,
           .source_log = facts.log.path,
           .word = "recover-apply",
           .source_db_digest = facts.db.digest,
           .source_log_digest = facts.log.digest,
           .keep_evidence = false,
           .process_id = environment.process_id,
           .edit = [&row](sqlite::Connection& db) { return bundle::insert_audit_row(db, row); },
           .look = full_look(services)},
          services.clock));
  CORTEX_TRY(swap->replace());
  CORTEX_TRY(check_in_place(services, swap->state().db));
  CORTEX_TRY(check_in_place(services, swap->state().log));
  CORTEX_TRY(swap->finish());
  // What an interrupted restore had prepared is not needed any more.
  if (unfinished) {
    CORTEX_TRY(bundle::remove_leftovers(services.fs, facts.active_db, facts.active_log));
  }
  return RecoverReport{request.manifest, facts.scope,    facts.active_db, facts.active_log,
                       facts.db.path,    facts.log.path, row.id};
}

namespace {

// A marker without a restore at work is that of a dead one: the lock is held here.
Status clear_marker(Services& services, const Layout& layout, ResumeReport& report) {
  const auto marker = services.fs.lstat(bundle::lock_marker_path(layout.data_dir));
  if (!marker.ok() || marker->kind == fs::Kind::kMissing) return {};
  CORTEX_ASSIGN(report.stale_marker,
                bundle::set_marker_aside(services.fs, layout.data_dir, services.clock.now()));
  return {};
}

// Who was interrupted says nothing of what he had looked at. The ledger's rows.
Result<std::uint64_t> verify_in_place(Services& services, const bundle::SwapState& state) {
  CORTEX_ASSIGN(const auto files,
                bundle::verify_sound_files(services.fs, state.db.active, state.log.active));
  if (files.store != state.db.fresh || files.ledger != state.log.fresh) {
    return make_error(Code::kIntegrity, "the replaced files are not what was prepared");
  }
  return files.content.ledger_rows;
}

// Forward, as far as possible.
Status complete(Services& services, bundle::Swap& swap, ResumeReport& report) {
  CORTEX_TRY(swap.replace());
  CORTEX_ASSIGN(report.ledger_rows, verify_in_place(services, swap.state()));
  return {};
}

}  // namespace

Result<ResumeReport> restore_resume(Services& services, const Layout& layout, bool undo) {
  CORTEX_ASSIGN(const auto lock, bundle::RestoreLock::acquire(services.fs, layout.data_dir));
  bundle::remove_dead_folders(services.fs, layout.data_dir, std::string(kStagedPrefix));
  CORTEX_ASSIGN(auto state, bundle::read_swap_state(services.fs, layout.event_log_path));
  ResumeReport report;
  report.outcome = "nothing_to_do";
  if (!state) {
    CORTEX_TRY(bundle::remove_leftovers(services.fs, layout.db_path, layout.event_log_path));
    CORTEX_TRY(clear_marker(services, layout, report));
    return report;
  }
  report.was_unfinished = true;
  report.operation = state->operation;
  bundle::Swap swap(services.fs, *std::move(state));
  Status done;
  if (!undo) {
    done = complete(services, swap, report);
    if (done.ok()) {
      CORTEX_TRY(swap.finish());
      report.outcome = "completed";
      CORTEX_TRY(clear_marker(services, layout, report));
      return report;
    }
  }
  if (auto back = swap.roll_back(); !back.ok()) {
    Error error = std::move(back).error();
    if (!done.ok()) error.message = cat(done.error().message, "; ", error.message);
    error.unchanged = "the restore is still unfinished, nothing else can write";
    return error;
  }
  report.outcome = "rolled_back";
  if (!done.ok()) report.reason = done.error().message;
  CORTEX_TRY(clear_marker(services, layout, report));
  return report;
}

}  // namespace cortex::app
