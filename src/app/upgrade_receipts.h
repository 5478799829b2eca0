// `audit upgrade-receipts`: asks the calendars whether what they promised has come true, and writes
// the receipts with the proofs that it has.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

struct UpgradeRequest {
  Layout layout;  // whose register learns the new records
  std::string receipts_path;
  std::string output_path;  // must not exist
  bool live = false;
};

struct UpgradeReport {
  std::uint64_t receipts = 0;
  std::uint64_t upgraded = 0;       // got a block
  std::uint64_t still_pending = 0;  // have none yet
  std::vector<std::string> notes;   // calendars that were not asked or gave no answer
};

// A calendar is asked when it is a known public one or the endpoint of its receipt, and for
// promises without a block only. Everything but the proofs stays as it is. Nothing is written when
// nothing was upgraded. Errors: kPrecondition (not live, unreadable receipts, output taken).
Result<UpgradeReport> upgrade_receipts(Services& services, const UpgradeRequest& request);

json::Value to_json(const UpgradeReport& report);

}  // namespace cortex::app
