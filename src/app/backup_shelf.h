// `backup list` and `backup prune`: the bundles of one folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/services.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/shelf.h"
#include "json/value.h"

namespace cortex::app {

struct BackupListReport {
  std::string dir;
  std::vector<bundle::ShelvedBundle> bundles;  // newest first
};
Result<BackupListReport> list_backups(Services& services, const std::string& dir);
json::Value to_json(const BackupListReport& report);

struct PruneRequest {
  std::string dir;
  bundle::Retention retention;
  bool apply = false;  // else nothing is removed
};
struct PruneReport {
  std::string dir;
  bool applied = false;
  struct Row {
    bundle::ShelvedBundle bundle;
    std::vector<std::string> kept_by;  // empty: it goes, or went
    bool removed = false;
  };
  std::vector<Row> rows;          // newest first
  std::string newest_verified;    // name
  std::uint64_t bytes_freed = 0;  // or to be freed
};

// The newest bundle that verifies now, every byte of it, is never removed; where none does, nothing
// is. Errors: kUsage without a rule, kPrecondition, those of removing.
Result<PruneReport> prune_backups(Services& services, const PruneRequest& request,
                                  Progress* progress = nullptr);
json::Value to_json(const PruneReport& report);

}  // namespace cortex::app
