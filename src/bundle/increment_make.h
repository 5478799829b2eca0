// Making an incremental bundle against a parent that is checked first.
#pragma once

#include <cstdint>
#include <string>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "base/time.h"
#include "bundle/increment.h"
#include "json/value.h"

namespace cortex::bundle {

struct IncrementRequest {
  std::string db_path, event_log_path;
  std::string parent;    // folder of a full bundle or an increment
  std::string output;    // as given
  std::string work_dir;  // for a private copy of the store, gone afterwards
  bool verify = true;    // prove that the chain gives the bundle
  Progress* progress = nullptr;
};

struct IncrementReport {
  std::string bundle_dir;  // as given
  std::string parent;
  Increment increment;
  std::uint64_t new_rows = 0, ledger_rows = 0;
  std::uint64_t size_bytes = 0;       // of the increment
  std::uint64_t full_size_bytes = 0;  // of the full bundle that it stands for
  bool verified = false;
  std::optional<std::string> ledger_head;  // hash of the last row; nothing for an empty ledger
};

// The parent must be a beginning of the live ledger (kIntegrity); its parts must be what was backed
// up (kQuarantined). The new rows are audited against the last one of the parent. Published by one
// rename, like a full bundle. O(ledger + store) reads, O(changes) writes.
Result<IncrementReport> make_increment(fs::FileSystem& fs, const IncrementRequest& request,
                                       Clock& clock, Random& random);

json::Value to_json(const IncrementReport& report);

}  // namespace cortex::bundle
