// The open of a store for commands that read memories: as open_store(), and then only a schema that
// this program understands.
#pragma once

#include "app/layout.h"
#include "app/open_store.h"
#include "app/services.h"
#include "base/result.h"

namespace cortex::app {

// Errors: kSchema with a text for each thing that is missing or unknown, kPrecondition when the
// store cannot be asked.
Status require_schema(sqlite::Connection& db);

// Errors: those of open_store(), and kSchema with a line for each thing that is missing or unknown.
Result<StoreAtWork> open_checked_store(Services& services, const Layout& layout);

}  // namespace cortex::app
