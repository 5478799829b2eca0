#include <algorithm>
#include <iterator>
#include <utility>

#include "app/checked_store.h"
#include "app/migrate.h"
#include "app/migration_record.h"
#include "app/open_store.h"
#include "app/operations.h"
#include "base/text.h"
#include "bundle/manifest.h"
#include "bundle/verify.h"
#include "crypto/digest.h"
#include "ledger/append_log.h"
#include "ledger/boundary.h"
#include "ledger/chunk_reader.h"
#include "sqlite/transaction.h"
#include "store/mirror.h"
#include "store/open.h"
#include "store/timelines.h"
#include "store/v2_backfill.h"
#include "store/v2_checks.h"

namespace cortex::app {
namespace {

constexpr std::uint64_t kAttestationBytesMax = 1U << 20U;
constexpr std::string_view kRolledBackToken = "migrate.v2.cutover_tx.rolled_back";

// What a manifest must not claim: approvals are the attestation's alone.
constexpr std::string_view kReservedKeys[] = {"cutover_approved",
                                              "operator_approval",
                                              "operator_approval_attestation",
                                              "schema_cutover_approved",
                                              "schema_version_cutover_approved",
                                              "default_v2_cutover_ready",
                                              "unattended_migrate"};

Error cutover_refused(Code code, std::string message, std::string next = "",
                      std::string_view token = "") {
  return make_error(code, std::move(message), "no state was changed", std::move(next), token);
}

Error cutover_precondition(Error error) {
  if (error.code != Code::kSchema) error.code = Code::kPrecondition;
  if (error.unchanged.empty()) error.unchanged = "no state was changed";
  return error;
}

// ---- The backup made before

// Kind and reserved keys come before everything that a bundle of another kind would fail in.
Status check_manifest_head(fs::FileSystem& fs, const std::string& path) {
  CORTEX_ASSIGN(const fs::Info info, fs.stat(path));
  if (info.kind != fs::Kind::kFile) {
    return cutover_refused(Code::kPrecondition,
                           cat("the backup manifest ", quoted(path), " is no regular file"),
                           "make a backup with `cortex backup` and name its BACKUP_MANIFEST");
  }
  auto text = fs::read_all(fs, path, bundle::kManifestBytesMax);
  if (!text.ok()) return cutover_precondition(std::move(text).error());
  const auto document = json::parse(*text);
  if (!document.ok() || document->as_object() == nullptr) {
    return cutover_refused(Code::kPrecondition,
                           cat("the backup manifest ", quoted(path), " is malformed"));
  }
  for (const std::string_view key : kReservedKeys) {
    if (document->find(key) == nullptr) continue;
    return cutover_refused(Code::kPrecondition,
                           cat("the backup manifest must not have the member ", key));
  }
  const json::Value* kind = document->find("kind");
  if (kind == nullptr || kind->as_string() == nullptr || *kind->as_string() != bundle::kPreV2Kind) {
    return cutover_refused(Code::kPrecondition,
                           cat("the backup manifest is not of kind ", bundle::kPreV2Kind));
  }
  return {};
}

Result<store::TableCounts> counts_of(const bundle::ManifestFacts& manifest) {
  const json::Value* counts = manifest.document.find("table_row_counts");
  store::TableCounts out;
  const std::pair<std::string_view, std::uint64_t*> tables[] = {{"events", &out.events},
                                                                {"traces", &out.traces},
                                                                {"episodes", &out.episodes},
                                                                {"memories", &out.memories}};
  for (const auto& [table, count] : tables) {
    const auto value = counts == nullptr ? std::nullopt : counts->find_unsigned(table);
    if (!value) {
      return cutover_refused(Code::kPrecondition, "the backup manifest has no table_row_counts",
                             "make a new backup");
    }
    *count = *value;
  }
  return out;
}

struct CutoverBackup {
  store::TableCounts counts;
  bundle::Artifact ledger;
};

// The bundle must be whole: it is what the operator goes back to.
Result<CutoverBackup> read_bundle(fs::FileSystem& fs, const std::string& path) {
  CORTEX_TRY(check_manifest_head(fs, path));
  auto bundle = bundle::verify_bundle(fs, path, false);
  if (!bundle.ok()) return cutover_precondition(std::move(bundle).error());
  CORTEX_ASSIGN(const store::TableCounts counts, counts_of(bundle->manifest));
  return CutoverBackup{counts, bundle->manifest.ledger};
}

// ---- What must hold before the boundary row

struct Ready {
  MigrationPlan plan;
  MigrationAttestation attestation;
  std::string attestation_text;
  trust::Authority authority;
  bool key_is_bound = false;
};

Result<std::string> read_attestation(fs::FileSystem& fs, const std::optional<std::string>& path) {
  if (!path) {
    return cutover_refused(
        Code::kPrecondition, "a cutover needs an operator attestation",
        "sign one with `cortex migrate sign-operator-attestation` and name it with"
        " --operator-attestation");
  }
  auto text = fs::read_all(fs, *path, kAttestationBytesMax);
  if (text.ok()) return text;
  return cutover_precondition(with_context(std::move(text).error(), "the operator attestation"));
}

// The key id must belong to the key that signed; a store of reference 0.1.2 cannot tell.
Status check_authority(Services& services, sqlite::Connection& db, Ready& ready) {
  const MigrationAttestation& attestation = ready.attestation;
  CORTEX_ASSIGN(const auto bound, store::bound_public_key(db, attestation.operator_key_id));
  ready.key_is_bound = bound.has_value();
  if (bound && *bound != crypto::key_id(attestation.operator_key)) {
    return cutover_refused(
        Code::kPrecondition,
        cat("the attestation is signed by another key than the one registered as ",
            quoted(attestation.operator_key_id)),
        "sign it with the registered key", "migrate.v2.operator_key.mismatch");
  }
  auto evidence = store::key_evidence(db, attestation.operator_key_id, attestation.signed_at,
                                      services.clock.now());
  if (!evidence.ok()) return cutover_precondition(std::move(evidence).error());
  ready.authority = trust::revalidate(std::move(evidence).value(), trust::Tier::kOperator);
  if (ready.authority.valid_now) return {};
  return cutover_refused(
      Code::kPrecondition,
      cat("the operator key ", quoted(attestation.operator_key_id),
          " has no authority for a migration now: ", ready.authority.joined_reasons()),
      "sign with a key that the store knows as an operator's",
      "migrate.v2.operator_temporal_authority.revalidation_failed");
}

Status check_chain(const LedgerFacts& ledger) {
  if (ledger.chain.closed()) return {};
  return cutover_refused(
      Code::kIntegrity,
      cat("the ledger is not what was written: ", counted(ledger.chain.failures_total, "failure"),
          ", the first one in row ", ledger.chain.failures.front().line),
      "see `cortex audit verify`, and restore the ledger from a backup", kRolledBackToken);
}

Status check_counts(sqlite::Connection& db, const store::TableCounts& before) {
  CORTEX_ASSIGN(const store::TableCounts now, store::count_tables(db));
  const struct {
    std::string_view invariant;
    std::uint64_t now, before;
  } rows[] = {{"events.matches_pre_plus_boundary", now.events, before.events},
              {"traces.unchanged", now.traces, before.traces},
              {"episodes.unchanged", now.episodes, before.episodes},
              {"memories.unchanged", now.memories, before.memories}};
  for (const auto& row : rows) {
    if (row.now == row.before) continue;
    return cutover_refused(Code::kIntegrity,
                           cat("schema_v2_post_migrate.row_count.", row.invariant,
                               ": the store has ", row.now, " rows, the backup ", row.before),
                           "make a new backup, so that nothing is missing in it", kRolledBackToken);
  }
  return {};
}

// A whole backup of something else is nothing to go back to.
Status check_backup_of_ledger(fs::File& ledger, std::uint64_t size_bytes,
                              const bundle::Artifact& backed_up) {
  crypto::Blake3 digest;
  ledger::ChunkReader reader(ledger, 0, std::min(size_bytes, backed_up.size_bytes));
  for (ledger::Chunk chunk;;) {
    CORTEX_ASSIGN(const bool more, reader.next(chunk));
    if (!more) break;
    digest.update(chunk.bytes);
  }
  if (cat("blake3:", to_hex(digest.finish())) == backed_up.blake3) return {};
  return cutover_refused(
      Code::kIntegrity,
      "the ledger does not begin with the rows that the backup holds: it is the backup of"
      " another one",
      "make a new backup", kRolledBackToken);
}

Result<Ready> get_ready(Services& services, const CutoverRequest& request, sqlite::Connection& db,
                        const LedgerFacts& ledger) {
  Ready ready;
  CORTEX_ASSIGN(ready.plan, plan_migration(db, ledger));
  CORTEX_TRY(refuse_v2_rows(db, ledger));
  CORTEX_ASSIGN(ready.attestation_text, read_attestation(services.fs, request.attestation));
  CORTEX_ASSIGN(ready.attestation, verify_attestation(ready.attestation_text,
                                                      {ready.plan.previous_v1_head(),
                                                       std::string(ledger::kMigrationScriptDigest),
                                                       ready.plan.fixture_hash}));
  CORTEX_TRY(check_authority(services, db, ready));
  return ready;
}

// ---- The cutover itself

Status check_readiness(sqlite::Connection& db) {
  CORTEX_ASSIGN(const auto failures, store::check_v2_persistence(db));
  if (failures.empty()) return {};
  return cutover_refused(Code::kSchema,
                         cat("the store would not be ready for v2: ", failures.front().text()),
                         "repair the rows that it names", kRolledBackToken);
}

// The manifest's digest becomes part of the boundary row's attestation in the store.
Status anchor_manifest(sqlite::Connection& db, const std::string& boundary_hash,
                       const std::string& manifest_blake3) {
  CORTEX_ASSIGN(auto update,
                db.prepare("UPDATE events SET source_attestation_json = json_set("
                           "source_attestation_json, '$.post_migrate_manifest_blake3', ?1)"
                           " WHERE event_hash = ?2"));
  CORTEX_TRY(update.bind_all(manifest_blake3, boundary_hash));
  return update.run();
}

struct Cutover {
  Services& services;
  const CutoverRequest& request;
  ledger::AppendLog& log;
  sqlite::Connection& db;
  store::MirrorWriter& mirror;
  CutoverReport& report;
};

// Rows and columns, not synced and not committed yet.
Result<MigrationRecord> write_rows(Cutover& run, const Ready& ready) {
  CutoverReport& report = run.report;
  const Timestamp now = run.services.clock.now();
  CORTEX_ASSIGN(const store::Backfilled filled, store::backfill_v2(run.db, now));
  report.attestations_backfilled = filled.attestations;
  core::Event event =
      ledger::boundary_event({ready.plan.previous_v1_head(), ready.plan.fixture_hash},
                             run.services.clock, run.services.random);
  CORTEX_TRY(run.log.append(event));
  CORTEX_TRY(run.mirror.add(event, event.payload, run.log.next_offset()));
  CORTEX_TRY(run.mirror.finish());
  report.boundary_event_hash = event.event_hash;
  CORTEX_TRY(store::backfill_v2(run.db, run.services.clock.now()));
  MigrationRecord record =
      make_migration_record(ready.plan, report.boundary_event_hash, run.request.manifest,
                            report.before, ready.attestation_text, now);
  report.manifest_path = record.manifest_path;
  report.manifest_blake3 = record.manifest_blake3;
  CORTEX_TRY(anchor_manifest(run.db, report.boundary_event_hash, record.manifest_blake3));
  CORTEX_TRY(check_readiness(run.db));
  return record;
}

Error behind_the_ledger(const Error& cause) {
  return make_error(Code::kIntegrity,
                    cat("the boundary row is in the ledger, the store could not"
                        " follow: ",
                        cause.message),
                    "the store was not changed", "run `cortex migrate v2 --resume-mirror`",
                    kRolledBackToken);
}

Status cut_over(Cutover& run, Ready ready, sqlite::Transaction& transaction) {
  CORTEX_ASSIGN(const MigrationRecord record, write_rows(run, ready));
  const Layout& layout = run.request.layout;
  CORTEX_TRY(keep_record(run.services, layout, record));
  // A row that the device did not take may still be found in the ledger: the note stays.
  CORTEX_TRY(run.log.commit());
  if (const auto committed = transaction.commit(); !committed.ok()) {
    return behind_the_ledger(committed.error());
  }
  run.report.plan = std::move(ready.plan);
  run.report.attestation = std::move(ready.attestation);
  run.report.authority = std::move(ready.authority);
  run.report.key_is_bound = ready.key_is_bound;
  if (auto finished = finish_record(run.services, layout, record); !finished.ok()) {
    Error error = with_context(std::move(finished).error(), "the manifest of the migration");
    error.code = Code::kInternal;
    error.unchanged = "the cutover itself stands";
    error.next = "run `cortex migrate v2 --resume-mirror`, which writes it";
    return error;
  }
  return {};
}

}  // namespace

Result<CutoverReport> migrate_cutover(Services& services, const CutoverRequest& request) {
  CutoverReport report;
  CORTEX_ASSIGN(const CutoverBackup backup, read_bundle(services.fs, request.manifest));
  report.before = backup.counts;
  CORTEX_TRY(require_store(services, request.layout));
  auto log = ledger::AppendLog::open(services.fs, request.layout.event_log_path, services.clock,
                                     services.random);
  if (!log.ok()) return cutover_precondition(std::move(log).error());
  CORTEX_ASSIGN(const LedgerFacts ledger, read_ledger_facts((*log)->file(), (*log)->size_bytes()));
  CORTEX_ASSIGN(auto opened, store::open_for_writing(request.layout.db_path));
  sqlite::Connection& db = opened.connection;
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate));
  CORTEX_ASSIGN(auto mirror, store::catch_up(db, (*log)->file(), (*log)->size_bytes(),
                                             services.clock, projector()));
  CORTEX_ASSIGN(Ready ready, get_ready(services, request, db, ledger));
  CORTEX_TRY(check_chain(ledger));
  CORTEX_TRY(check_counts(db, report.before));
  CORTEX_TRY(check_backup_of_ledger((*log)->file(), (*log)->size_bytes(), backup.ledger));
  Cutover run{services, request, **log, db, mirror, report};
  CORTEX_TRY(cut_over(run, std::move(ready), transaction));
  return report;
}

namespace {

Result<std::string> boundary_to_resume(const LedgerFacts& ledger) {
  if (ledger.chain.boundary_lines.size() > 1) return refuse_boundary(ledger).error();
  if (ledger.boundary_hash) return *ledger.boundary_hash;
  return cutover_refused(
      Code::kPrecondition,
      "the ledger holds no boundary row: there is no cutover to"
      " complete",
      "run `cortex migrate v2 --backup-manifest FILE --operator-attestation FILE`",
      "migrate.v2.resume_mirror.no_jsonl_boundary");
}

Result<bool> is_mirrored(sqlite::Connection& db, const std::string& event_hash) {
  CORTEX_ASSIGN(auto select, db.prepare("SELECT 1 FROM events WHERE event_hash = ?1"));
  CORTEX_TRY(select.bind_all(event_hash));
  return select.step();
}

// True when columns were missing.
Result<bool> complete_store(Services& services, sqlite::Connection& db,
                            const std::string& boundary_hash,
                            const std::optional<MigrationRecord>& record) {
  CORTEX_ASSIGN(const bool complete, store::is_backfilled(db));
  if (!complete) CORTEX_TRY(store::backfill_v2(db, services.clock.now()));
  if (record) CORTEX_TRY(anchor_manifest(db, boundary_hash, record->manifest_blake3));
  CORTEX_TRY(check_readiness(db));
  return !complete;
}

}  // namespace

Result<MigrationResume> migrate_resume(Services& services, const Layout& layout) {
  CORTEX_TRY(require_store(services, layout));
  auto log =
      ledger::AppendLog::open(services.fs, layout.event_log_path, services.clock, services.random);
  if (!log.ok()) return cutover_precondition(std::move(log).error());
  CORTEX_ASSIGN(auto opened, store::open_for_writing(layout.db_path));
  sqlite::Connection& db = opened.connection;
  CORTEX_TRY(require_schema(db));
  CORTEX_ASSIGN(const LedgerFacts ledger, read_ledger_facts((*log)->file(), (*log)->size_bytes()));
  MigrationResume report;
  CORTEX_ASSIGN(report.boundary_event_hash, boundary_to_resume(ledger));
  CORTEX_ASSIGN(const auto record, kept_record(services, layout, report.boundary_event_hash));
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate));
  CORTEX_ASSIGN(const bool there, is_mirrored(db, report.boundary_event_hash));
  CORTEX_ASSIGN(auto mirror, store::catch_up(db, (*log)->file(), (*log)->size_bytes(),
                                             services.clock, projector()));
  CORTEX_TRY(mirror.finish());
  report.mirrored = !there;
  CORTEX_ASSIGN(const bool filled,
                complete_store(services, db, report.boundary_event_hash, record));
  if (auto committed = transaction.commit(); !committed.ok()) {
    return with_code(std::move(committed).error(), Code::kIntegrity);
  }
  if (record) {
    CORTEX_TRY(finish_record(services, layout, *record));
    report.manifest_path = record->manifest_path;
  }
  report.no_op = there && !filled && !record;
  return report;
}

}  // namespace cortex::app
