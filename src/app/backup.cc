#include "app/backup.h"

#include "app/status.h"
#include "base/text.h"
#include "bundle/restore_lock.h"

namespace cortex::app {

Result<bundle::BackupReport> backup(Services& services, const BackupRequest& request,
                                    ledger::ChainReport& failures) {
  CORTEX_ASSIGN(const bundle::BackupReport report,
                bundle::make_backup(services.fs,
                                    {.db_path = request.layout.db_path,
                                     .event_log_path = request.layout.event_log_path,
                                     .output = request.output,
                                     .verify = request.verify,
                                     .progress = request.progress},
                                    services.clock, services.random, &failures));
  const auto absolute = services.fs.canonical(report.bundle_dir);
  // `status` is told where the bundle is; a data folder that cannot be written is none of the
  // backup's business.
  static_cast<void>(
      remember_backup(services, request.layout,
                      {absolute.ok() ? *absolute : report.bundle_dir, report.manifest.made_at,
                       report.manifest.ledger_rows, report.verification.has_value(), true})
          .ok());
  return report;
}

std::string timestamped_bundle(Services& services, const std::string& folder) {
  return fs::join(folder, cat("cortex-", bundle::format_compact(services.clock.now())));
}

Result<bundle::VerifyReport> verify_backup(Services& services, const std::string& manifest_path,
                                           bool deep, Progress* progress) {
  return bundle::verify_bundle(services.fs, manifest_path, deep, progress);
}

}  // namespace cortex::app
