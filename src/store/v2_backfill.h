// Fills the v2 columns of rows from before the cutover (docs/formats.md, 9.9). Only NULLs are
// filled, so that it can be repeated. Needs an open write transaction. O(rows with a NULL).
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/time.h"
#include "sqlite/connection.h"

namespace cortex::store {

struct Backfilled {
  std::uint64_t attestations = 0;  // events
  std::uint64_t other_rows = 0;    // episodes, memories, context packs
};

Result<Backfilled> backfill_v2(sqlite::Connection& db, Timestamp now);

// True when nothing is left to fill.
Result<bool> is_backfilled(sqlite::Connection& db);

}  // namespace cortex::store
