#include "app/restore_production.h"

#include <cerrno>
#include <utility>

#include "app/doctor.h"
#include "app/operations.h"
#include "app/restore_apply.h"
#include "app/restore_look.h"
#include "app/site_id.h"
#include "base/text.h"
#include "bundle/audit_row.h"
#include "bundle/manifest.h"
#include "bundle/restore_lock.h"
#include "bundle/swap.h"
#include "crypto/digest.h"
#include "crypto/key_file.h"
#include "ledger/restore_guard.h"
#include "store/open.h"
#include "store/schema_check.h"
#include "store/timelines.h"

namespace cortex::app {
namespace {

constexpr std::string_view kFixtureVariable = "CORTEX_REKOR_FIXTURE_RECEIPT";
constexpr std::string_view kProductionAuthority =
    "restore.production.operator_temporal_authority.revalidation_failed";

Error production_refused(std::string message, std::string next = "",
                         Code code = Code::kPrecondition) {
  return make_error(code, std::move(message), "the active store was not changed", std::move(next));
}

std::string_view code_name(Code code) {
  switch (code) {
    case Code::kOk:
      return "Ok";
    case Code::kUsage:
      return "Usage";
    case Code::kIntegrity:
      return "IntegrityFailure";
    case Code::kSchema:
      return "SchemaMismatch";
    case Code::kQuarantined:
      return "QuarantinedInput";
    case Code::kChain:
      return "ChainCorruption";
    case Code::kPrecondition:
      return "PreconditionUnmet";
    case Code::kInternal:
      break;
  }
  return "Internal";
}

// One restore from the first check to the last word. The order of its members is the order in which
// they are let go: the marker, then the lock.
class Production {
 public:
  Production(Services& services, const Environment& environment, ProductionReport& report,
             Progress* progress)
      : services_(services),
        environment_(environment),
        request_(report.request),
        report_(report),
        progress_(progress) {}

  Status run();

 private:
  Status check_request();
  Status check_artifacts();
  Status check_intent();
  Status check_authority();
  Status check_ledgers();
  Status take_lock();
  Status take_over();
  Result<bundle::LockMarker> make_marker();
  Status check_loss();
  Status check_candidate();
  Status replace();
  Status verify_after(const bundle::SwapState& state);
  Status look_at_identity();
  Error go_back(bundle::Swap& swap, Error why);
  void record_rollback();
  void record();
  bundle::AuditRow audit_row(std::string_view operation, std::string_view reason);

  std::string staged(std::string_view name) const { return fs::join(request_.stage_dir, name); }
  const Layout& layout() const { return request_.layout; }
  bool by_log() const { return kind_ == WitnessKind::kRekor; }

  Services& services_;
  const Environment& environment_;
  ProductionRequest& request_;
  ProductionReport& report_;
  Progress* progress_;
  WitnessKind kind_ = WitnessKind::kRekor;
  crypto::PublicKey operator_key_{};
  std::string deployment_id_, manifest_blake3_, before_blake3_;
  Witness witness_;
  std::optional<bundle::AuditRow> takeover_row_;
  std::optional<bundle::RestoreLock> lock_;
  std::optional<bundle::LockMarker> marker_;
};

Status Production::check_request() {
  if (!request_.production) {
    return production_refused(
        "--production is required: this command replaces the store of a site",
        "for a trial use `cortex restore apply-stage`, for the guided way `cortex"
        " restore run`");
  }
  if (environment_.vars.contains(std::string(kFixtureVariable))) {
    Error error = production_refused(cat("the variable ", kFixtureVariable, " is set"), "unset it");
    error.token = "restore.production.rekor_fixture_receipt_env_forbidden_in_production";
    error.message = cat("invariant=", error.token, ": ", error.message);
    return error;
  }
  if (!request_.acknowledged_destruction || !request_.acknowledged_replacement) {
    return production_refused(
        "--acknowledge-production-destructive-restore and --acknowledge-active-store-replacement"
        " are required",
        "run again with both flags");
  }
  const auto stage = services_.fs.stat(request_.stage_dir);
  if (!stage.ok() || stage->kind != fs::Kind::kDirectory) {
    return production_refused(cat("the stage ", quoted(request_.stage_dir), " does not exist"),
                              "make it with `cortex restore stage`");
  }
  CORTEX_ASSIGN(kind_, parse_witness(request_.witness.sink));
  return check_sink_path(services_, request_.witness.sink_path);
}

Status Production::check_artifacts() {
  CORTEX_ASSIGN(report_.bundle,
                bundle::verify_bundle(services_.fs, request_.manifest, false, progress_));
  const bundle::ManifestFacts& manifest = report_.bundle.manifest;
  CORTEX_TRY(bundle::check_staged(services_.fs, request_.stage_dir, manifest));
  CORTEX_ASSIGN(report_.staged_audit,
                bundle::audit_ledger(services_.fs, staged(bundle::kLedgerName), manifest));
  auto bytes = fs::read_all(services_.fs, request_.manifest, bundle::kManifestBytesMax);
  if (!bytes.ok()) return with_code(std::move(bytes).error(), Code::kPrecondition);
  manifest_blake3_ = crypto::prefixed_hex(crypto::blake3(*bytes));
  auto key = crypto::read_public_key(services_.fs, request_.operator_key);
  if (!key.ok()) {
    Error error = std::move(key).error();
    error.unchanged = "the active store was not changed";
    return error;
  }
  operator_key_ = *key;
  return {};
}

Status Production::check_intent() {
  deployment_id_ = deployment(services_, layout()).deployment_id;
  CORTEX_ASSIGN(report_.intent, bundle::read_intent(services_.fs, request_.intent,
                                                    request_.intent_signature, operator_key_));
  CORTEX_ASSIGN(auto site_id, read_site_id(services_, layout().data_dir));
  const bundle::ManifestFacts& manifest = report_.bundle.manifest;
  return bundle::check_intent(services_.fs, report_.intent.intent,
                              {.deployment_id = deployment_id_,
                               .active_db = layout().db_path,
                               .active_log = layout().event_log_path,
                               .manifest_blake3 = manifest_blake3_,
                               .store_blake3 = manifest.store.blake3,
                               .ledger_blake3 = manifest.ledger.blake3,
                               .now = services_.clock.now(),
                               .site_id = std::move(site_id)});
}

Status Production::check_authority() {
  const std::string key_id = crypto::key_id(operator_key_);
  trust::KeyEvidence evidence;
  CORTEX_TRY(store::inspect(services_.fs, layout().db_path, [&](sqlite::Connection& db) -> Status {
    CORTEX_ASSIGN(evidence, store::key_evidence(db, key_id, report_.intent.intent.not_before,
                                                services_.clock.now()));
    return {};
  }));
  const trust::Authority authority = trust::revalidate(std::move(evidence), trust::Tier::kOperator);
  if (authority.outcome() == trust::Outcome::kAllow) {
    report_.notes.push_back(
        cat("operator_temporal_authority_revalidated=true key_id=", key_id, " valid_now=true"));
    return {};
  }
  return with_token(
      production_refused(cat("the key ", key_id,
                             " may not restore: outcome=", trust::outcome_name(authority.outcome()),
                             " reasons=", authority.joined_reasons()),
                         "have an operator sign whose key was active when the intent's window"
                         " begins (not_before) and is active now"),
      kProductionAuthority);
}

// The anchors must hold on the ledger as it is and on the one that comes.
Status Production::check_ledgers() {
  CORTEX_ASSIGN(report_.anchors_before,
                bundle::check_anchors(services_.fs, layout().event_log_path, request_.anchors));
  auto after = bundle::check_anchors(services_.fs, staged(bundle::kLedgerName), request_.anchors);
  if (!after.ok()) {
    Error error = std::move(after).error();
    error.message = cat("the staged ledger: ", error.message);
    error.unchanged = "the active store was not changed";
    error.next = "give anchors that the bundle's ledger reaches";
    return error;
  }
  report_.anchors_after = std::move(after).value();
  if (!by_log()) return {};
  std::string note;
  Status fresh = check_trusted_root(services_, request_.witness.trusted_root_path, note);
  if (!note.empty()) report_.notes.push_back(std::move(note));
  return fresh;
}

Result<bundle::LockMarker> Production::make_marker() {
  const auto host = environment_.get("HOSTNAME");
  return bundle::LockMarker::create(
      services_.fs, layout().data_dir,
      {.process_id = environment_.process_id,
       .host = host ? *host : environment_.get("COMPUTERNAME").value_or("unknown"),
       .deployment_id = deployment_id_,
       .operator_principal_id = report_.intent.intent.operator_principal_id,
       .intent_blake3 = report_.intent.blake3,
       .acquired_at = services_.clock.now()});
}

Status Production::take_over() {
  if (!request_.takeover_attestation || !request_.takeover_signature) {
    return production_refused(
        "--force-lock-takeover needs --takeover-attestation and"
        " --takeover-attestation-signature",
        "have the operator attest that the restore that left the marker is dead");
  }
  const std::string path = bundle::lock_marker_path(layout().data_dir);
  CORTEX_ASSIGN(const bundle::MarkerFacts marker, bundle::read_marker(services_.fs, path));
  CORTEX_ASSIGN(const bundle::Takeover takeover,
                bundle::read_takeover(services_.fs, *request_.takeover_attestation,
                                      *request_.takeover_signature, operator_key_,
                                      {deployment_id_, marker, services_.clock.now()}));
  CORTEX_ASSIGN(const std::string aside,
                bundle::set_marker_aside(services_.fs, layout().data_dir, services_.clock.now()));
  report_.notes.push_back(cat("lock_takeover of a marker of pid=", marker.pid, " acquired_at=",
                              format_rfc3339(marker.acquired_at, Offset::kPlus00)));
  report_.notes.push_back(cat("lock_takeover canonical_blake3=", takeover.blake3, " stale_marker=`",
                              path, "` quarantined_at=`", aside,
                              "` operator=", takeover.operator_principal_id,
                              " justification=", quoted(takeover.justification)));
  auto marker_made = make_marker();
  if (!marker_made.ok()) return with_code(std::move(marker_made).error(), Code::kInternal);
  marker_.emplace(std::move(marker_made).value());
  takeover_row_ = audit_row("command.restore.apply.lock_takeover", takeover.justification);
  takeover_row_->after_hash = takeover.blake3;
  return {};
}

Status Production::take_lock() {
  CORTEX_ASSIGN(auto lock, bundle::RestoreLock::acquire(services_.fs, layout().data_dir));
  lock_.emplace(std::move(lock));
  // Behind the lock: a restore that was at work until now may have left its journal.
  CORTEX_TRY(ledger::check_no_restore(services_.fs, layout().event_log_path));
  auto marker = make_marker();
  if (marker.ok()) {
    marker_.emplace(std::move(marker).value());
    return {};
  }
  if (marker.error().system_errno != EEXIST || !request_.takeover) return marker.error();
  return take_over();
}

// What would be lost must be nothing, or exactly what the operator has signed for.
Status Production::check_loss() {
  CORTEX_ASSIGN(report_.diff, semantic_diff(services_, {.file = {}, .store = layout().db_path},
                                            {.file = {}, .store = staged(bundle::kStoreName)},
                                            request_.acknowledged_risk));
  CORTEX_ASSIGN(report_.loss,
                bundle::find_data_loss(services_.fs, {layout().db_path, layout().event_log_path},
                                       {staged(bundle::kStoreName), staged(bundle::kLedgerName)}));
  const std::uint64_t rows_lost = report_.loss->ledger.rows_lost();
  if (report_.diff.blocked == 0 && rows_lost == 0) return {};
  const auto& accepted = report_.intent.intent.accepted_loss_blake3;
  if (request_.acknowledged_risk && accepted &&
      *accepted == bundle::loss_digest(report_.diff, report_.loss->ledger)) {
    return {};
  }
  return production_refused(
      cat("the stage lacks accepted state of the active store (", report_.diff.blocked, " of ",
          counted(report_.diff.changes.size(), "change"), " block, ",
          counted(rows_lost, "ledger row"), " would be lost)"),
      "if the loss is meant, build an intent with --accept-loss-of-stage, sign it, and"
      " use --acknowledge-recovery-risk");
}

// What depends on the candidate alone: it must be a store that this program serves, and there must
// be room for the evidence.
Status Production::check_candidate() {
  std::vector<store::SchemaFailure> failures;
  CORTEX_TRY(store::inspect(services_.fs, staged(bundle::kStoreName),
                            [&failures](sqlite::Connection& db) -> Status {
                              CORTEX_ASSIGN(failures, store::check_schema(db));
                              return {};
                            }));
  if (!failures.empty()) {
    return with_token(
        production_refused(
            cat("the staged store has another schema_version or shape: ", failures.front().detail),
            "use a bundle of this version", Code::kSchema),
        failures.front().invariant);
  }
  const std::string evidence = fs::join(layout().data_dir, bundle::kEvidenceFolder);
  CORTEX_ASSIGN(const fs::Info info, services_.fs.lstat(evidence));
  if (info.kind == fs::Kind::kMissing || bundle::is_evidence(services_.fs, evidence)) return {};
  return production_refused(cat("the recovery evidence directory ", quoted(evidence),
                                " already exists, and is not that of a finished restore"),
                            "check what it holds, then move it away");
}

bundle::AuditRow Production::audit_row(std::string_view operation, std::string_view reason) {
  const bundle::ManifestFacts& manifest = report_.bundle.manifest;
  const std::string& principal = report_.intent.intent.operator_principal_id;
  return {.id = bundle::new_audit_id(services_.clock, services_.random),
          .operation = std::string(operation),
          .target_ref = cat("active_store:", layout().db_path),
          .before_hash = before_blake3_.empty() ? std::optional<std::string>() : before_blake3_,
          .after_hash = manifest.store.blake3,
          .reason = std::string(reason),
          .actor = {{"command", "restore apply --production"},
                    {"kind", "cli"},
                    {"operator_principal_id", principal},
                    {"scope", "production"}},
          .source_refs = {{"active_db", layout().db_path},
                          {"active_event_log", layout().event_log_path},
                          {"anchor_sink", request_.witness.sink},
                          {"deployment_id", deployment_id_},
                          {"jsonl_mirror_blake3", manifest.ledger.blake3},
                          {"manifest", request_.manifest},
                          {"operator_principal_id", principal},
                          {"restore_intent_blake3", report_.intent.blake3},
                          {"scope", "production"},
                          {"sink_path", request_.witness.sink_path},
                          {"sqlite_store_blake3", manifest.store.blake3},
                          {"stage_dir", request_.stage_dir}},
          .created_at = format_rfc3339(services_.clock.now(), Offset::kPlus00)};
}

Status Production::look_at_identity() {
  return store::inspect(services_.fs, layout().db_path, [this](sqlite::Connection& db) -> Status {
    CORTEX_ASSIGN(const std::int64_t active,
                  db.query_int("SELECT count(*) FROM authority_key_timeline WHERE state ="
                               " 'active'"));
    report_.identity =
        active > 0 ? "verified_active_identity_present" : "fresh_init_no_active_identity_recorded";
    return {};
  });
}

Status Production::verify_after(const bundle::SwapState& state) {
  const bundle::ManifestFacts& manifest = report_.bundle.manifest;
  const std::string& log = layout().event_log_path;
  CORTEX_TRY(bundle::check_file(services_.fs, log, "jsonl_mirror", manifest.ledger));
  CORTEX_TRY(check_in_place(services_, state.db));
  // Of the staged ledger, which has the same digest.
  report_.active_audit = {log, report_.staged_audit.rows, report_.staged_audit.head};
  CORTEX_ASSIGN(report_.diff_after,
                semantic_diff(services_, {.file = {}, .store = staged(bundle::kStoreName)},
                              {.file = {}, .store = layout().db_path}, false));
  if (!report_.diff_after.allows()) {
    return production_refused("the restored store is not what was staged", "", Code::kIntegrity);
  }
  CORTEX_TRY(look_at_identity());
  return keep_receipt(services_, kind_, request_.witness.sink_path, witness_);
}

void Production::record_rollback() {
  bundle::AuditRow row = audit_row("command.restore.apply.rolled_back",
                                   "a restore in production failed and was rolled back");
  json::Object refs{
      {"manifest", request_.manifest},
      {"recovery_manifest", fs::join(report_.evidence_folder, bundle::kRecoveryManifest)},
      {"restore_intent_blake3", report_.intent.blake3},
      {"rollback_reason", "post_restore_verification_failed"},
      {"stage_dir", request_.stage_dir}};
  const auto recorded = perform(
      services_, layout(), {.client = request_.client, .reason = row.reason},
      [&](sqlite::Connection&) -> Result<std::vector<store::Operation>> {
        json::Object args{{"actor", json::Object{{"command", "restore apply --production"},
                                                 {"kind", "cli"},
                                                 {"scope", "production"}}},
                          {"after_hash", report_.intent.blake3},
                          {"audit_record_id", row.id},
                          {"source_refs", std::move(refs)},
                          {"target_ref", row.target_ref}};
        return std::vector<store::Operation>{{"restore.apply.rolled_back", std::move(args)}};
      });
  if (recorded.ok()) return;
  report_.notes.push_back(cat("the rollback could not be recorded: ", recorded.error().message));
}

Error Production::go_back(bundle::Swap& swap, Error why) {
  Error error = rolled_back(swap, std::move(why));
  if (ledger::check_no_restore(services_.fs, layout().event_log_path).ok()) {
    record_rollback();
    report_.ending = cat("rolled back, lock released. exit=", code_name(error.code));
  } else {
    marker_->keep();
    report_.ending = cat("not rolled back, lock kept. exit=", code_name(error.code));
  }
  return error;
}

Status Production::replace() {
  CORTEX_ASSIGN(const auto before,
                bundle::digest_file(services_.fs, layout().db_path, bundle::Source::kAnywhere));
  before_blake3_ = before.blake3;
  const bundle::AuditRow row =
      audit_row("command.restore.apply.production",
                "store and ledger were replaced by a verified stage on a signed intent");
  report_.audit_record_id = row.id;
  CORTEX_TRY(bundle::move_old_evidence(services_.fs, layout().data_dir));
  const auto edit = [&](sqlite::Connection& db) -> Status {
    CORTEX_TRY(
        bundle::add_restore_trail(db, bundle::read_restore_trail(services_.fs, layout().db_path)));
    if (takeover_row_) CORTEX_TRY(bundle::insert_audit_row(db, *takeover_row_));
    return bundle::insert_audit_row(db, row);
  };
  CORTEX_ASSIGN(auto swap,
                bundle::Swap::prepare(services_.fs,
                                      {.operation = "apply",
                                       .scope = "production",
                                       .active_db = layout().db_path,
                                       .active_log = layout().event_log_path,
                                       .source_db = staged(bundle::kStoreName),
                                       .source_log = staged(bundle::kLedgerName),
                                       .word = "apply-stage",
                                       .source_db_digest = report_.bundle.artifacts[0].digest,
                                       .source_log_digest = report_.bundle.artifacts[1].digest,
                                       .process_id = environment_.process_id,
                                       .edit = edit,
                                       .look = full_look(services_, progress_),
                                       .progress = progress_},
                                      services_.clock));
  report_.evidence_folder = swap->evidence_folder();
  Status done = swap->replace();
  if (!done.ok()) done = with_code(std::move(done).error(), Code::kInternal);
  if (done.ok()) done = verify_after(swap->state());
  if (!done.ok()) return go_back(*swap, std::move(done).error());
  return swap->finish();
}

// The restored ledger says that, when, from what and by whom it was restored.
void Production::record() {
  const bundle::ManifestFacts& manifest = report_.bundle.manifest;
  const auto recorded = perform(
      services_, layout(),
      {.client = request_.client, .reason = "restored in production on a signed intent"},
      [&](sqlite::Connection&) -> Result<std::vector<store::Operation>> {
        json::Object args{{"anchor_sink", request_.witness.sink},
                          {"backup_timestamp", manifest.backup_timestamp},
                          {"evidence", report_.evidence_folder},
                          {"jsonl_mirror_blake3", manifest.ledger.blake3},
                          {"operator_principal_id", report_.intent.intent.operator_principal_id},
                          {"restore_intent_blake3", report_.intent.blake3},
                          {"rows", report_.active_audit.rows},
                          {"sqlite_store_blake3", manifest.store.blake3}};
        return std::vector<store::Operation>{{"restore.apply", std::move(args)}};
      });
  if (recorded.ok() && !recorded->event_ids.empty()) {
    report_.recorded_event = recorded->event_ids.front();
  } else if (!recorded.ok()) {
    report_.notes.push_back(
        cat("the restore could not be recorded in the ledger: ", recorded.error().message));
  }
}

Status Production::run() {
  CORTEX_TRY(check_request());
  CORTEX_TRY(check_artifacts());
  CORTEX_TRY(check_intent());
  CORTEX_TRY(check_authority());
  request_.witness.operator_key = operator_key_;
  request_.witness.intent_blake3 = report_.intent.blake3;
  if (!by_log()) CORTEX_TRY(check_witness_key(services_, request_.witness));
  CORTEX_TRY(check_ledgers());
  CORTEX_TRY(take_lock());
  CORTEX_TRY(check_loss());
  CORTEX_TRY(check_candidate());
  // Whole seconds, as an anchor is written.
  const ledger::Anchor anchor{
      {services_.clock.now().seconds, 0}, report_.staged_audit.rows, report_.staged_audit.head};
  CORTEX_ASSIGN(witness_, witness_anchor(services_, kind_, request_.witness, anchor));
  CORTEX_TRY(replace());
  report_.sink = witness_.members;
  report_.notes.emplace_back(persisted_token(kind_));
  record();
  return {};
}

}  // namespace

ProductionReport restore_production(Services& services, const Environment& environment,
                                    const ProductionRequest& request, Progress* progress) {
  ProductionReport report;
  report.request = request;
  const Status done = Production(services, environment, report, progress).run();
  if (!done.ok()) {
    report.code = done.error().code;
    report.error = done.error();
  }
  return report;
}

Status apply_restore_rolled_back(sqlite::Connection& db, const store::OperationRow& row) {
  bundle::AuditRow audit;
  CORTEX_ASSIGN(audit.id, row.text_arg("audit_record_id"));
  CORTEX_ASSIGN(audit.target_ref, row.text_arg("target_ref"));
  CORTEX_ASSIGN(audit.after_hash, row.text_arg("after_hash"));
  audit.operation = "command.restore.apply.rolled_back";
  audit.reason = row.caller.reason;
  const json::Object* actor = row.arg("actor").as_object();
  const json::Object* refs = row.arg("source_refs").as_object();
  if (actor == nullptr || refs == nullptr) {
    return make_error(Code::kIntegrity, "actor and source_refs of a rollback must be objects");
  }
  audit.actor = *actor;
  audit.source_refs = *refs;
  audit.created_at = format_rfc3339(row.recorded_at, Offset::kPlus00);
  return bundle::insert_audit_row(db, audit);
}

}  // namespace cortex::app
