// Which memories a question is about: those that are active, or those that held at a point of both
// times (store/memory_history.h).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/services.h"
#include "base/result.h"
#include "sqlite/connection.h"
#include "store/memories.h"
#include "store/memory_history.h"

namespace cortex::app {

using PointInTime = std::optional<store::AsOf>;

// --as-of and --valid-at as typed; nothing when neither was given. Without the latter: about the
// moment of the former. kUsage for what is no time.
Result<PointInTime> point_in_time(Services& services, const std::optional<std::string>& as_of,
                                  const std::optional<std::string>& valid_at = {});

// Newest state first. Returns what could not be read. One query; O(memories).
Result<std::vector<store::UnreadableMemory>> each_held(sqlite::Connection& db,
                                                       const PointInTime& when,
                                                       store::MemoryFilter filter,
                                                       const store::MemoryVisitor& visit);

// How many there are, whatever page. O(1) for those of now, O(states) at a moment.
Result<std::uint64_t> count_held(sqlite::Connection& db, const PointInTime& when,
                                 store::MemoryFilter filter);

// The page that `filter` names by `after` or `offset` and by `limit`, which must be given; `filter`
// is moved on to the next one. Pages of a moment get longer, since each looks through those before
// it. One query for the rows.
struct HeldPage {
  std::vector<store::Memory> rows;
  std::vector<store::UnreadableMemory> unreadable;
  bool is_last = false;
};
Result<HeldPage> next_held(sqlite::Connection& db, const PointInTime& when,
                           store::MemoryFilter& filter);

}  // namespace cortex::app
