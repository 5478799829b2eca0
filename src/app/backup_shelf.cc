#include "app/backup_shelf.h"

#include <utility>

#include "base/text.h"
#include "bundle/increment.h"
#include "bundle/inventory.h"
#include "bundle/manifest.h"
#include "bundle/sealed.h"
#include "bundle/verify.h"

namespace cortex::app {
namespace {

json::Object bundle_json(const bundle::ShelvedBundle& bundle) {
  return {{"kind", bundle::kind_token(bundle.kind)},
          {"last_drill", json::or_null(bundle.last_drill)},
          {"ledger_rows", json::or_null(bundle.ledger_rows)},
          {"made_at", bundle.made_at ? json::Value(format_rfc3339_seconds(*bundle.made_at))
                                     : json::Value(nullptr)},
          {"name", bundle.name},
          {"parent_manifest_blake3", bundle.parent_blake3},
          {"path", bundle.path},
          {"problem", bundle.problem},
          {"size_bytes", bundle.size_bytes}};
}

// Every byte; of an encrypted bundle, whose key is not here, every byte of the ciphertext.
bool verifies(Services& services, const bundle::ShelvedBundle& bundle, Progress* progress) {
  if (!bundle.problem.empty()) return false;
  if (bundle.kind == bundle::BundleKind::kEncrypted) {
    return bundle::check_sealed(services.fs, bundle.path, bundle::Source::kAnywhere, progress).ok();
  }
  if (bundle.kind == bundle::BundleKind::kIncremental) {
    const auto chain = bundle::find_chain(services.fs, bundle.path, progress);
    return chain.ok() && bundle::check_streams(services.fs, *chain, progress).ok();
  }
  return bundle::check_inventory(services.fs, bundle.path).ok() &&
         bundle::verify_bundle(services.fs, fs::join(bundle.path, bundle::kManifestName), true,
                               progress)
             .ok();
}

}  // namespace

Result<BackupListReport> list_backups(Services& services, const std::string& dir) {
  BackupListReport report;
  report.dir = dir;
  CORTEX_ASSIGN(report.bundles, bundle::list_bundles(services.fs, dir));
  return report;
}

json::Value to_json(const BackupListReport& report) {
  json::Array bundles;
  for (const auto& bundle : report.bundles) bundles.push_back(bundle_json(bundle));
  return json::Object{
      {"bundles", std::move(bundles)}, {"command", "backup.list"}, {"dir", report.dir}};
}

Result<PruneReport> prune_backups(Services& services, const PruneRequest& request,
                                  Progress* progress) {
  if (!request.retention.any()) {
    return make_error(Code::kUsage, "no rule says what to keep", "nothing was removed",
                      "give for example --keep-daily 7 --keep-weekly 4");
  }
  PruneReport report;
  report.dir = request.dir;
  report.applied = request.apply;
  CORTEX_ASSIGN(auto bundles, bundle::list_bundles(services.fs, request.dir));
  if (request.apply) bundle::remove_half_pruned(services.fs, request.dir);
  auto reasons = bundle::kept_by(bundles, request.retention);
  for (std::size_t i = 0; i < bundles.size() && report.newest_verified.empty(); ++i) {
    if (!verifies(services, bundles[i], progress)) continue;
    report.newest_verified = bundles[i].name;
    reasons[i].emplace_back("newest verified");
  }
  if (report.newest_verified.empty()) {
    for (auto& why : reasons) why.emplace_back("no bundle verifies");
  }
  bundle::keep_parents(bundles, reasons);
  // Newest first: an increment goes before what it continues.
  for (std::size_t i = 0; i < bundles.size(); ++i) {
    PruneReport::Row& row = report.rows.emplace_back();
    row.bundle = std::move(bundles[i]);
    row.kept_by = std::move(reasons[i]);
    if (!row.kept_by.empty()) continue;
    report.bytes_freed += row.bundle.size_bytes;
    if (!request.apply) continue;
    auto removed = bundle::remove_bundle(services.fs, row.bundle, services.clock, services.random);
    if (!removed.ok()) {
      return with_context(std::move(removed).error(),
                          cat("the bundle ", quoted(row.bundle.name), " was not removed"));
    }
    row.removed = true;
  }
  return report;
}

json::Value to_json(const PruneReport& report) {
  json::Array rows;
  for (const PruneReport::Row& row : report.rows) {
    json::Object out = bundle_json(row.bundle);
    out.add("kept_by", json::array_of(row.kept_by));
    out.add("removed", row.removed);
    rows.emplace_back(std::move(out));
  }
  return json::sorted(json::Object{{"applied", report.applied},
                                   {"bundles", std::move(rows)},
                                   {"bytes_freed", report.bytes_freed},
                                   {"command", "backup.prune"},
                                   {"dir", report.dir},
                                   {"newest_verified", report.newest_verified}});
}

}  // namespace cortex::app
