#include "app/agent_memories.h"

#include <utility>

#include "app/open_store.h"
#include "store/memory_tally.h"

namespace cortex::app {
namespace {

constexpr std::int64_t kStaleSeconds = std::int64_t{30} * 86'400;

}  // namespace

Result<AgentListReport> list_for_agent(Services& services, const Layout& layout,
                                       const AgentListRequest& request) {
  CORTEX_ASSIGN(StoreAtWork store, open_store(services, layout));
  store::MemoryFilter filter{.statuses = {"active"}, .tags = request.domains};
  AgentListReport report;
  CORTEX_ASSIGN(report.total, store::count_memories(store.connection, filter));
  if (request.limit == 0) return report;
  filter.limit = request.limit;
  filter.offset = request.offset;
  CORTEX_ASSIGN(store::MemoryPage page, store::page_of_memories(store.connection, filter));
  report.memories = std::move(page.rows);
  report.unreadable = std::move(page.unreadable);
  return report;
}

json::Object to_json(const AgentListReport& report) {
  json::Array memories;
  for (const store::Memory& memory : report.memories) {
    memories.emplace_back(json::Object{{"id", memory.id},
                                       {"content", memory.claim},
                                       {"domains", memory.domains},
                                       {"confidence", memory.confidence},
                                       {"created_at", memory.created_at}});
  }
  json::Object out{{"memories", std::move(memories)}, {"total", report.total}};
  if (!report.unreadable.empty()) {
    json::Array unreadable;
    for (const store::UnreadableMemory& row : report.unreadable) {
      unreadable.emplace_back(
          json::Object{{"id", row.id}, {"column", row.column}, {"reason", row.reason}});
    }
    out.add("unreadable", std::move(unreadable));
  }
  return out;
}

Result<AgentHealthReport> health_for_agent(Services& services, const Layout& layout) {
  CORTEX_ASSIGN(StoreAtWork store, open_store(services, layout));
  Timestamp border = services.clock.now();
  border.seconds -= kStaleSeconds;
  store::HealthLimits limits;
  limits.created_before = format_rfc3339(border, Offset::kPlus00);
  CORTEX_ASSIGN(const store::HealthCounts counts, store::count_health(store.connection, limits));
  return AgentHealthReport{counts.total, counts.of[store::HealthKind::kOlder],
                           counts.of[store::HealthKind::kNeverValidated], 0};
}

json::Object to_json(const AgentHealthReport& report) {
  return {{"total", report.total},
          {"stale", report.stale},
          {"unvalidated", report.unvalidated},
          {"quarantined", report.quarantined}};
}

}  // namespace cortex::app
