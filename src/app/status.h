// `status`: one screen about a deployment. Reads only, verifies nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "base/time.h"
#include "json/value.h"
#include "ledger/tail.h"
#include "store/counts.h"

namespace cortex::app {

// The last backup that `cortex backup` made of this data, as it was remembered beside the store.
struct LastBackup {
  std::string bundle_dir{};  // absolute
  Timestamp made_at{};
  std::uint64_t ledger_rows = 0;
  std::optional<std::string> ledger_head{};  // hash of its last row, where one was remembered
  bool verified = false;
  bool present = false;           // the bundle's manifest is still there
  bool is_of_this_ledger = true;  // false: rows of it are not here, another bundle was restored
};

struct StatusReport {
  Layout layout;
  bool has_store = false, has_ledger = false;
  std::uint64_t ledger_rows = 0, ledger_bytes = 0;
  std::optional<std::string> head;
  std::optional<ledger::TornTail> torn;
  std::uint64_t mirrored_rows = 0;
  std::uint64_t mirror_lag_rows = 0;
  std::uint64_t mirror_conflicts = 0;
  store::TableCounts counts;
  std::uint64_t pending_migrations = 0;
  std::optional<LastBackup> last_backup;
  std::uint64_t rows_since_backup = 0;  // all of them when the backup is of another history
  Timestamp now;
  std::vector<std::string> unverified;  // what nothing in this report vouches for
  std::vector<std::string> next_steps;
};

// O(rows not mirrored yet).
Result<StatusReport> status(Services& services, const Layout& layout);

// Remembers a backup for status() in `cortex_last_backup.json` beside the store.
Status remember_backup(Services& services, const Layout& layout, const LastBackup& backup);

json::Value to_json(const StatusReport& report);

}  // namespace cortex::app
