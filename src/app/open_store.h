// The standard open of a store for work: it must exist, pending migrations are applied, the mirror
// of the ledger is brought up to date, and the schema must be one that this program understands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::app {

struct StoreAtWork {
  sqlite::Connection connection;
  std::vector<std::string> migrations;  // applied by this call
  std::uint64_t mirrored_rows = 0;      // added by this call
  std::string mirror_note;              // why the mirror was left behind, or empty
  std::string index_note;               // why the search index was, or empty
  std::optional<Error> device_error;    // when mirror_note is about a full or failing disk
};

// kPrecondition when there is no store file; `cortex init` is the next step.
Status require_store(Services& services, const Layout& layout);

// Errors: kPrecondition (missing, unreadable, read-only), kInternal (a migration failed). A ledger
// that cannot be read is a note, not an error. The schema is not judged here, see check_schema().
Result<StoreAtWork> open_store(Services& services, const Layout& layout);

}  // namespace cortex::app
