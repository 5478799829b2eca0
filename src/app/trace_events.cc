#include "app/trace_events.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "json/value.h"
#include "store/operation.h"
#include "store/plain_rows.h"

namespace cortex::app {
namespace {

std::optional<core::Source> event_source(std::string_view text) {
  const auto document = json::parse(text);
  const std::string* type = document.ok() ? document->find_text("type") : nullptr;
  const auto known = type == nullptr ? std::nullopt : core::parse_source_type(*type);
  if (!known) return std::nullopt;
  core::Source source{*known, ""};
  for (const std::string_view member : {"name", "model"}) {
    if (const std::string* name = document->find_text(member)) source.name = *name;
  }
  return source;
}

// Nothing for a row that cannot be read, and for operations.
std::optional<reflect::TraceEvent> event_of(sqlite::Statement& row) {
  reflect::TraceEvent event;
  event.id = row.column_text(0);
  const auto type = core::parse_event_type(row.column_text(1));
  auto source = event_source(row.column_text(2));
  auto payload = json::parse(row.column_text(5));
  if (!type || !source || !payload.ok()) return std::nullopt;
  if (payload->find(store::kOperationMember) != nullptr) return std::nullopt;
  event.type = *type;
  event.source = *std::move(source);
  event.observed_at = row.column_text(3);
  event.domains = store::texts_in(row.column_text(4));
  event.payload = std::move(payload).value();
  return event;
}

}  // namespace

Result<std::vector<reflect::TraceEvent>> events_of_trace(sqlite::Connection& db,
                                                         const std::string& trace_id) {
  CORTEX_ASSIGN(auto rows,
                db.prepare("SELECT id, event_type, source_json, observed_at, domain_tags_json, "
                           "payload_json FROM events WHERE trace_id = ?1 AND "
                           "length(payload_json) <= ?2 ORDER BY rowid DESC LIMIT ?3"));
  CORTEX_TRY(rows.bind_all(std::string_view(trace_id), std::uint64_t{kTraceEventBytesMax},
                           std::uint64_t{kTraceEventsMax}));
  std::vector<reflect::TraceEvent> events;
  std::size_t bytes = 0;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) break;
    bytes += rows.column_text(5).size();
    if (bytes > kTraceBytesMax) break;
    if (auto event = event_of(rows)) events.push_back(*std::move(event));
  }
  std::ranges::reverse(events);
  return events;
}

}  // namespace cortex::app
