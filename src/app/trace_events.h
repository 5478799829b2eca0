// The events of one trace, as the store mirrors them, for reflection.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/result.h"
#include "reflect/trace.h"
#include "sqlite/connection.h"

namespace cortex::app {

inline constexpr std::size_t kTraceEventsMax = 5'000;         // the newest ones
inline constexpr std::size_t kTraceEventBytesMax = 1U << 20;  // longer payloads are left out
inline constexpr std::size_t kTraceBytesMax = 64U << 20;      // of all payloads

// In the order of the ledger. Operations of the store are no part of what an agent did and are left
// out, as are rows whose columns cannot be read. One scan of the mirrored rows; memory: the rows
// returned.
Result<std::vector<reflect::TraceEvent>> events_of_trace(sqlite::Connection& db,
                                                         const std::string& trace_id);

}  // namespace cortex::app
