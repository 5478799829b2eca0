// `audit repair-tail`: what an interrupted batch left behind the last acknowledged row.
#pragma once

#include <optional>
#include <string>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "ledger/tail.h"

namespace cortex::app {

struct RepairTailReport {
  std::optional<ledger::TornTail> torn;  // absent: nothing to repair
  std::string what;                      // what stands there, for people
  bool applied = false;
};

// Looks (apply = false), or moves aside under the append lock what an interrupted batch left
// behind the last acknowledged row. A broken line that may have been acknowledged is an error.
Result<RepairTailReport> repair_tail(Services& services, const Layout& layout, bool apply);

json::Value to_json(const RepairTailReport& report);

}  // namespace cortex::app
