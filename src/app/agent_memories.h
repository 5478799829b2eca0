// What agents are shown of the active memories: a list and the counts of health.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "store/memories.h"

namespace cortex::app {

struct AgentListRequest {
  std::vector<std::string> domains;  // each must be there
  std::uint64_t limit = 20, offset = 0;
};
struct AgentListReport {
  std::vector<store::Memory> memories;  // newest first
  std::uint64_t total = 0;              // before paging
  std::vector<store::UnreadableMemory> unreadable;
};
// Two queries.
Result<AgentListReport> list_for_agent(Services& services, const Layout& layout,
                                       const AgentListRequest& request);
json::Object to_json(const AgentListReport& report);

struct AgentHealthReport {
  std::uint64_t total = 0;        // active
  std::uint64_t stale = 0;        // of these, created more than 30 days ago
  std::uint64_t unvalidated = 0;  // of these, never validated
  std::uint64_t quarantined = 0;  // of a status that the schema forbids: always 0
};
// As memory_health().
Result<AgentHealthReport> health_for_agent(Services& services, const Layout& layout);
json::Object to_json(const AgentHealthReport& report);

}  // namespace cortex::app
