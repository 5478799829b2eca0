#include "app/restore_look.h"

#include <utility>

#include "base/text.h"
#include "bundle/data_loss.h"
#include "crypto/digest.h"
#include "store/migrations.h"
#include "store/open.h"

namespace cortex::app {
namespace {

constexpr std::uint64_t kLookManifestBytesMax = 16U << 20U;

Error restore_look_refused(std::string message, std::string next) {
  return make_error(Code::kPrecondition, std::move(message), "no state was changed",
                    std::move(next));
}

bool is_below(const std::string& path, const std::string& folder) {
  if (folder == "/") return true;
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

Result<bundle::Snapshot> load(Services& services, const SnapshotSource& source,
                              std::string_view side) {
  if (source.file && source.store) {
    return restore_look_refused(
        cat("the ", side, " side is ambiguous: a file and a store are given"),
        cat("give --", side, " or --", side, "-store"));
  }
  if (source.file) return bundle::read_snapshot_file(services.fs, *source.file, side);
  if (source.store) return bundle::snapshot_of_store(services.fs, *source.store);
  return restore_look_refused(cat("there is nothing to compare on the ", side, " side"),
                              cat("give --", side, " or --", side, "-store"));
}

Error post_migrate_error(Code code, std::string_view token, std::string message) {
  return make_error(code, std::move(message), "no state was changed",
                    "use the manifest as `cortex migrate v2` wrote it",
                    cat("restore.post_migrate_manifest.", token));
}

}  // namespace

bool is_temporary(Services& services, const Environment& environment, const std::string& path) {
  constexpr std::string_view kFixed[] = {"/tmp", "/var/tmp"};
  const auto canonical = services.fs.canonical(path);
  const auto configured = services.fs.canonical(environment.get("TMPDIR").value_or("/tmp"));
  if (!canonical.ok() || !configured.ok() || !is_below(*canonical, *configured)) return false;
  for (const std::string_view fixed : kFixed) {
    const auto folder = services.fs.canonical(std::string(fixed));
    if (folder.ok() && is_below(*canonical, *folder)) return true;
  }
  return false;
}

Result<bundle::Snapshot> restore_snapshot(Services& services, const Layout& layout,
                                          const std::optional<std::string>& store) {
  if (store) return bundle::snapshot_of_store(services.fs, *store);
  bool is_behind = false;
  const auto info = services.fs.stat(layout.db_path);
  if (info.ok() && info->kind == fs::Kind::kFile) {
    const Status looked =
        store::inspect(services.fs, layout.db_path, [&is_behind](sqlite::Connection& db) -> Status {
          CORTEX_ASSIGN(const auto names, store::pending(db));
          is_behind = !names.empty();
          return {};
        });
    CORTEX_TRY(looked);
  }
  if (is_behind) {
    CORTEX_TRY(store::open_for_writing(layout.db_path));
  }
  return bundle::snapshot_of_store(services.fs, layout.db_path);
}

Result<bundle::SemanticDiff> semantic_diff(Services& services, const SnapshotSource& current,
                                           const SnapshotSource& restored, bool acknowledged) {
  CORTEX_ASSIGN(const bundle::Snapshot now, load(services, current, "current"));
  CORTEX_ASSIGN(const bundle::Snapshot then, load(services, restored, "restored"));
  return bundle::compare_snapshots(now, then, acknowledged);
}

json::Object restore_truth(std::string_view proof_state, std::string_view authority_class,
                           std::string_view claim_ceiling) {
  return {{"authority_class", authority_class},
          {"claim_ceiling", claim_ceiling},
          {"proof_state", proof_state},
          {"runtime_mode", "local_unsigned"}};
}

json::Value semantic_diff_report(const bundle::SemanticDiff& diff) {
  json::Object block = bundle::diff_block(diff, "snapshot:current_vs_restored");
  return json::sorted(
      json::Object{{"change_count", diff.changes.size()},
                   {"changes", bundle::changes_json(diff)},
                   {"command", "restore.semantic_diff"},
                   {"current_snapshot_id", *block.find("current_snapshot_id")},
                   {"decision", bundle::decision_json(diff)},
                   {"mutated_store", false},
                   {"policy_decision", *block.find("policy_decision")},
                   {"restored_snapshot_id", *block.find("candidate_snapshot_id")},
                   {"severity", bundle::severity_token(diff.severity)},
                   {"truth_ceiling", restore_truth("unknown", "observed", "dev_only")}});
}

PostMigrateReport verify_post_migrate_manifest(Services& services, const std::string& manifest) {
  PostMigrateReport report{.manifest = manifest, .recorded = {}, .recomputed = {}, .error = {}};
  const auto fail = [&report](Code code, std::string_view token, std::string message) {
    report.error = post_migrate_error(code, token, std::move(message));
    return report;
  };
  const auto text = fs::read_all(services.fs, manifest, kLookManifestBytesMax);
  if (!text.ok()) return fail(Code::kPrecondition, "unreadable", text.error().message);
  auto document = json::parse(*text);
  if (!document.ok()) {
    return fail(Code::kPrecondition, "unreadable",
                cat("the manifest is malformed: ", document.error().message));
  }
  json::Object* object = document->as_object();
  if (object == nullptr) {
    return fail(Code::kPrecondition, "unreadable", "the manifest is malformed: it is no object");
  }
  const json::Value* member = object->find("manifest_blake3");
  if (member == nullptr || member->as_string() == nullptr) {
    return fail(Code::kIntegrity, "missing_digest_field",
                "the text `manifest_blake3` of the manifest is missing");
  }
  report.recorded = *member->as_string();
  object->erase("manifest_blake3");
  report.recomputed = crypto::prefixed_hex(crypto::blake3(json::canonical(*document)));
  if (*report.recorded == *report.recomputed) return report;
  return fail(Code::kIntegrity, "digest_mismatch",
              cat("digest mismatch: the manifest says ", quoted(*report.recorded),
                  ", its members give ", *report.recomputed));
}

json::Value to_json(const PostMigrateReport& report) {
  const bool good = !report.error;
  return json::Object{
      {"invariant", good ? json::Value(nullptr) : json::Value(report.error->token)},
      {"manifest", report.manifest},
      {"manifest_blake3_recomputed", json::or_null(report.recomputed)},
      {"manifest_blake3_recorded", json::or_null(report.recorded)},
      {"mutated_store", false},
      {"truth_ceiling", restore_truth(good ? "full_chain_verified" : "unknown", "observed",
                                      good ? "local_unsigned" : "dev_only")}};
}

json::Value structural_verification(const bundle::VerifyReport& bundle) {
  const json::Value report = to_json(bundle);
  return json::Object{{"artifacts", *report.find("artifacts")},
                      {"kind", bundle.manifest.kind},
                      {"schema_version", bundle.manifest.schema_version},
                      {"status", "verified"}};
}

Result<PreflightReport> restore_preflight(Services& services, const Environment& environment,
                                          const PreflightRequest& request, Progress* progress) {
  PreflightReport report;
  CORTEX_ASSIGN(report.bundle,
                bundle::verify_bundle(services.fs, request.manifest, false, progress));
  const std::string current = request.current_store.value_or(request.layout.db_path);
  if (request.candidate_store) {
    report.candidate_store = *request.candidate_store;
    CORTEX_ASSIGN(report.diff, semantic_diff(services, {.file = {}, .store = current},
                                             {.file = {}, .store = report.candidate_store},
                                             request.acknowledged));
    // Without a ledger of its own the current store has nothing to compare.
    const auto loss =
        bundle::find_data_loss(services.fs, {current, request.layout.event_log_path},
                               {report.candidate_store, report.bundle.artifacts[1].path});
    if (loss.ok()) report.data_loss = to_json(*loss);
  }
  if (request.production_plan) {
    const std::string folder =
        request.current_store ? fs::parent_of(*request.current_store) : request.layout.data_dir;
    const std::string marker =
        request.lock_marker.value_or(fs::join(folder, bundle::kLockMarkerName));
    report.probe = bundle::probe_lock(services.fs, marker,
                                      is_temporary(services, environment, fs::parent_of(marker)),
                                      environment.process_id);
  }
  return report;
}

}  // namespace cortex::app
