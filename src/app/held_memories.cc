#include "app/held_memories.h"

#include "app/memory_work.h"
#include "ledger/erasure.h"

namespace cortex::app {

Result<PointInTime> point_in_time(Services& services, const std::optional<std::string>& as_of,
                                  const std::optional<std::string>& valid_at) {
  PointInTime when;
  if (!as_of && !valid_at) return when;
  const std::string now = column_time(services.clock.now());
  when = store::AsOf{now, now};
  if (as_of) {
    CORTEX_ASSIGN(when->known_at, time_argument("as-of", *as_of));
    when->valid_at = when->known_at;
  }
  if (valid_at) {
    CORTEX_ASSIGN(when->valid_at, time_argument("valid-at", *valid_at));
  }
  return when;
}

Result<std::vector<store::UnreadableMemory>> each_held(sqlite::Connection& db,
                                                       const PointInTime& when,
                                                       store::MemoryFilter filter,
                                                       const store::MemoryVisitor& visit) {
  if (!when) {
    filter.statuses = {"active"};
    return store::each_memory(db, filter, visit);
  }
  CORTEX_ASSIGN(store::MemoriesThen then, store::memories_as_of(db, *when, filter));
  for (const store::MemoryThen& row : then.rows) {
    // It held then, but nobody can say any more what it was.
    if (row.memory.claim != ledger::kErasedText) CORTEX_TRY(visit(row.memory));
  }
  return std::move(then.unreadable);
}

}  // namespace cortex::app
