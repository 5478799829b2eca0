#include "app/held_memories.h"

#include "app/memory_work.h"
#include "app/time_flag.h"
#include "ledger/erasure.h"

namespace cortex::app {

Result<PointInTime> point_in_time(Services& services, const std::optional<std::string>& as_of,
                                  const std::optional<std::string>& valid_at) {
  PointInTime when;
  if (!as_of && !valid_at) return when;
  const std::string now = column_time(services.clock.now());
  when = store::AsOf{now, now};
  if (as_of) {
    CORTEX_ASSIGN(when->known_at, column_time_flag("as-of", *as_of));
    when->valid_at = when->known_at;
  }
  if (valid_at) {
    CORTEX_ASSIGN(when->valid_at, column_time_flag("valid-at", *valid_at));
  }
  return when;
}

namespace {

// It held then, but nobody can say any more what it was.
bool is_erased(const store::Memory& memory) { return memory.claim == ledger::kErasedText; }

}  // namespace

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
    if (!is_erased(row.memory)) CORTEX_TRY(visit(row.memory));
  }
  return std::move(then.unreadable);
}

Result<std::uint64_t> count_held(sqlite::Connection& db, const PointInTime& when,
                                 store::MemoryFilter filter) {
  if (when) return store::count_memories_as_of(db, *when, filter);
  filter.statuses = {"active"};
  return store::count_memories(db, filter);
}

Result<HeldPage> next_held(sqlite::Connection& db, const PointInTime& when,
                           store::MemoryFilter& filter) {
  if (!when) {
    filter.statuses = {"active"};
    CORTEX_ASSIGN(store::MemoryPage page, store::page_of_memories(db, filter));
    filter.after = page.next;
    return HeldPage{std::move(page.rows), std::move(page.unreadable), !page.next};
  }
  CORTEX_ASSIGN(store::MemoriesThen then, store::memories_as_of(db, *when, filter));
  HeldPage out{.rows = {}, .unreadable = std::move(then.unreadable), .is_last = !then.more};
  for (store::MemoryThen& row : then.rows) {
    if (!is_erased(row.memory)) out.rows.push_back(std::move(row.memory));
  }
  filter.offset += *filter.limit;
  *filter.limit *= 2;
  return out;
}

}  // namespace cortex::app
