// `init`: creates the data folder, an empty store, an empty ledger and, with the store, the id of
// the site (site_id.h); leaves what exists alone. Idempotent.
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
