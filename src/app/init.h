// `init`: creates the data folder, an empty store and an empty ledger; leaves what exists alone.
// Idempotent.
#pragma once

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

struct InitReport {
  Layout layout;
  bool created_db = false;
  bool created_event_log = false;
};

Result<InitReport> init(Services& services, const Layout& layout, bool validate_permissions);

json::Value to_json(const InitReport& report);

}  // namespace cortex::app
