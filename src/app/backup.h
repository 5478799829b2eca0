// `backup` (makes a bundle and remembers it for `status`) and `restore verify-backup`.
#pragma once

#include <string>

#include "app/layout.h"
#include "app/services.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/backup.h"
#include "bundle/verify.h"
#include "ledger/verify.h"

namespace cortex::app {

struct BackupRequest {
  Layout layout;
  std::string output;  // as given
  bool verify = true;
  Progress* progress = nullptr;
};

// See bundle/backup.h. `failures` receives the report of a broken chain.
Result<bundle::BackupReport> backup(Services& services, const BackupRequest& request,
                                    ledger::ChainReport& failures);

// `<folder>/cortex-20260131T031500Z`: a name that sorts by time.
std::string timestamped_bundle(Services& services, const std::string& folder);

// `restore verify-backup`, see bundle/verify.h.
Result<bundle::VerifyReport> verify_backup(Services& services, const std::string& manifest_path,
                                           bool deep, Progress* progress);

}  // namespace cortex::app
