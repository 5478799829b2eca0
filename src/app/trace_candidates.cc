#include "app/trace_candidates.h"

#include <utility>

#include "app/checked_store.h"
#include "store/memories.h"

namespace cortex::app {
namespace {

Result<std::optional<std::string>> latest_trace(sqlite::Connection& db) {
  CORTEX_ASSIGN(auto found,
                db.prepare("SELECT id FROM traces ORDER BY opened_at DESC, id DESC LIMIT 1"));
  CORTEX_ASSIGN(const bool there, found.step());
  return there ? std::optional(std::string(found.column_text(0))) : std::nullopt;
}

// Those whose source events are among the events of the trace.
Result<std::vector<std::string>> ids_of(sqlite::Connection& db, const std::string& trace_id) {
  CORTEX_ASSIGN(auto found,
                db.prepare("SELECT id FROM memories m WHERE m.status = 'candidate' AND "
                           "json_valid(m.source_events_json) AND EXISTS (SELECT 1 FROM "
                           "json_each(m.source_events_json) s JOIN trace_events t ON t.event_id = "
                           "s.value WHERE t.trace_id = ?1)"));
  CORTEX_TRY(found.bind(1, std::string_view(trace_id)));
  std::vector<std::string> ids;
  for (;;) {
    CORTEX_ASSIGN(const bool more, found.step());
    if (!more) return ids;
    ids.emplace_back(found.column_text(0));
  }
}

}  // namespace

Result<std::vector<TraceCandidate>> trace_candidates(Services& services, const Layout& layout,
                                                     const std::optional<std::string>& trace_id) {
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  std::optional<std::string> trace = trace_id;
  if (!trace) {
    CORTEX_ASSIGN(trace, latest_trace(store.connection));
  }
  std::vector<TraceCandidate> out;
  if (!trace) return out;
  CORTEX_ASSIGN(auto ids, ids_of(store.connection, *trace));
  CORTEX_ASSIGN(const store::MemoryPage page,
                store::page_of_memories(store.connection,
                                        {.statuses = {"candidate"}, .ids = std::move(ids)}));
  for (const store::Memory& memory : page.rows) {
    out.push_back({memory.id, memory.claim, memory.type, memory.confidence, memory.tags()});
  }
  return out;
}

}  // namespace cortex::app
