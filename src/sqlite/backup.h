// Consistent copy of a database that may be in use.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::sqlite {

using CopyProgress = std::function<Status(std::uint64_t pages_done, std::uint64_t pages_total)>;

// Replaces the whole content of `destination` by one snapshot of `source`. When `source` already
// has an open read transaction, that snapshot is copied; else one is taken for the duration of the
// copy, so that writers (WAL mode) neither wait nor make the copy start over. The destination is
// left in one piece: on failure it rolls back to what it was. BUSY and LOCKED are retried
// boundedly. `progress` may be empty; it is called after each step, and its error ends the copy.
Status copy_database(Connection& source, Connection& destination,
                     const CopyProgress& progress = nullptr);

}  // namespace cortex::sqlite
