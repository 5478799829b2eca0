// Asking for what was said or learned.
#include <utility>

#include "app/recall.h"
#include "mcp/tool.h"

namespace cortex::mcp {
namespace {

constexpr std::size_t kHits = 10, kHitsMax = 50, kOffsetMax = 1ULL << 30U;
// Leaves room for the members around the hits.
constexpr std::size_t kBudgetTokens = 24'000;

constexpr Field kTakes[] = {
    {.name = "query", .about = "what to look for, in plain words", .required = true},
    {.name = "limit",
     .type = Type::kWhole,
     .about = "hits at most",
     .nullable = true,
     .more = "\"default\":10,\"maximum\":50"},
    {.name = "offset",
     .type = Type::kWhole,
     .about = "hits to pass over: next_offset of the page before",
     .nullable = true,
     .more = "\"default\":0"},
    {.name = "kind",
     .about = "events, memories or both",
     .nullable = true,
     .more = "\"default\":\"all\"",
     .choices = app::kRecallKinds},
    {.name = "session", .about = "events of this session only", .nullable = true},
    {.name = "source", .about = "events of this source only", .nullable = true},
    {.name = "since", .about = "said at or after this time", .nullable = true},
    {.name = "until", .about = "said before this time", .nullable = true},
};
constexpr Field kSnippet[] = {
    {.name = "text", .required = true},
};
constexpr Field kHit[] = {
    {.name = "kind", .about = "event or memory", .required = true},
    {.name = "event_id", .about = "of an event"},
    {.name = "memory_id", .about = "of a memory"},
    {.name = "score", .type = Type::kNumber, .required = true},
    {.name = "snippet", .type = Type::kObject, .required = true, .members = kSnippet},
};
constexpr Field kGives[] = {
    {.name = "query", .required = true},
    {.name = "hit_count", .type = Type::kWhole, .required = true},
    {.name = "hits", .type = Type::kObjects, .required = true, .members = kHit},
    {.name = "next_offset", .type = Type::kWhole, .required = true, .nullable = true},
    {.name = "notes", .type = Type::kTexts},
};

// What waits for a commit is hidden from agents.
bool is_pending(const app::RecallHit& hit) { return hit.memory && hit.status != "active"; }

Result<json::Object> run(const Call& call) {
  CORTEX_ASSIGN(const std::string query, call.arguments.filled_text("query"));
  for (const Field& field : kTakes) {
    if (field.type == Type::kText) CORTEX_TRY(call.arguments.optional_text(field.name));
  }
  CORTEX_ASSIGN(app::RecallRequest request,
                app::make_recall_request(
                    query, [&](std::string_view name) { return call.arguments.loose_text(name); }));
  CORTEX_ASSIGN(request.limit, call.arguments.whole("limit", kHits, kHitsMax));
  CORTEX_ASSIGN(request.offset, call.arguments.whole("offset", 0, kOffsetMax));
  request.budget_tokens = kBudgetTokens;
  CORTEX_ASSIGN(app::RecallReport report, app::recall(call.services(), call.layout(), request));
  std::erase_if(report.hits, is_pending);
  return members_of(to_json(report));
}

constexpr Tool kRecallTools[] = {
    {.name = "cortex_recall",
     .title = "Recall",
     .about = "Finds what was said or learned about something in all events and memories, best "
              "match first, with where and when it was said.",
     .takes = kTakes,
     .gives = kGives,
     .list = "hits",
     .run = run},
};

}  // namespace

std::span<const Tool> recall_tools() { return kRecallTools; }

}  // namespace cortex::mcp
