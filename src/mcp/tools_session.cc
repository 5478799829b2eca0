// Tools of a working session: its events, the active memories, and what waits for a commit.
#include <utility>

#include "app/agent_memories.h"
#include "app/session_close.h"
#include "app/session_commit.h"
#include "app/session_proposers.h"
#include "app/session_text.h"
#include "base/fs/fs.h"
#include "base/text.h"
#include "mcp/fields.h"
#include "mcp/tool.h"

namespace cortex::mcp {
namespace {

constexpr std::size_t kListed = 20, kListedMax = 100;
constexpr std::string_view kListedMore = "\"default\":20,\"maximum\":100";

constexpr Field kLimit = {.name = "limit",
                          .type = Type::kWhole,
                          .about = "rows at most",
                          .nullable = true,
                          .more = kListedMore};
constexpr Field kOffset = {.name = "offset",
                           .type = Type::kWhole,
                           .about = "rows to pass over: where the next page begins",
                           .nullable = true,
                           .more = "\"default\":0"};
constexpr std::size_t kListOffsetMax = 1ULL << 40U;

// ---- cortex_memory_list

constexpr std::string_view kListStatuses[] = {"active", "pending_mcp_commit"};
constexpr Field kSessionListTakes[] = {
    {.name = "domains",
     .type = Type::kTexts,
     .about = "keep memories that have all of these domains",
     .nullable = true},
    kLimit,
    kOffset,
    {.name = "status",
     .about = "active memories, or those that wait for cortex_session_commit",
     .nullable = true,
     .more = "\"default\":\"active\"",
     .choices = kListStatuses},
};
constexpr Field kMemory[] = {
    {.name = "id", .required = true},         {.name = "content", .required = true},
    {.name = "domains", .type = Type::kAny},  {.name = "confidence", .type = Type::kNumber},
    {.name = "created_at", .required = true},
};
constexpr Field kSessionListGives[] = {
    {.name = "memories", .type = Type::kObjects, .required = true, .members = kMemory},
    {.name = "total",
     .type = Type::kWhole,
     .about = "matching memories, before paging",
     .required = true},
};

Result<json::Object> list_what_waits(const Call& call, std::size_t limit, std::size_t offset) {
  CORTEX_ASSIGN(const auto pending,
                app::list_pending(call.services(), call.layout(), limit, offset));
  json::Array memories;
  for (const app::PendingMemory& memory : pending) {
    memories.emplace_back(json::Object{{"id", memory.id},
                                       {"content", memory.claim},
                                       {"memory_type", memory.type},
                                       {"authority", memory.authority},
                                       {"created_at", memory.created_at}});
  }
  const std::size_t count = memories.size();
  return json::Object{{"memories", std::move(memories)}, {"total", offset + count}};
}

Result<json::Object> run_list(const Call& call) {
  CORTEX_ASSIGN(auto domains, call.arguments.texts("domains"));
  CORTEX_ASSIGN(const std::size_t limit, call.arguments.whole("limit", kListed, kListedMax));
  CORTEX_ASSIGN(const std::size_t offset, call.arguments.whole("offset", 0, kListOffsetMax));
  CORTEX_ASSIGN(const auto status, call.arguments.optional_trimmed("status"));
  if (status == kListStatuses[1]) return list_what_waits(call, limit, offset);
  if (status && status != kListStatuses[0]) {
    return bad_argument(cat("status must be active or pending_mcp_commit, not ", quoted(*status)));
  }
  CORTEX_ASSIGN(const app::AgentListReport report,
                app::list_for_agent(call.services(), call.layout(),
                                    {domains.value_or(std::vector<std::string>()), limit, offset}));
  return to_json(report);
}

// ---- cortex_memory_health

constexpr Field kHealthGives[] = {
    {.name = "total", .type = Type::kWhole, .about = "active memories", .required = true},
    {.name = "stale",
     .type = Type::kWhole,
     .about = "of these, created more than 30 days ago",
     .required = true},
    {.name = "unvalidated",
     .type = Type::kWhole,
     .about = "of these, never validated",
     .required = true},
    {.name = "quarantined", .type = Type::kWhole, .required = true},
};

Result<json::Object> run_health(const Call& call) {
  CORTEX_ASSIGN(const app::AgentHealthReport report,
                app::health_for_agent(call.services(), call.layout()));
  return to_json(report);
}

// ---- cortex_session_close

constexpr Field kCloseTakes[] = {
    {.name = "events_json",
     .about = "the events as JSON text: {\"events\": [...]}, an array, or one event; 5 MiB at most",
     .required = true},
    {.name = "skip_reflect",
     .type = Type::kSwitch,
     .about = "only record the events, propose nothing",
     .more = "\"default\":false"},
    {.name = "live_reflect",
     .type = Type::kSwitch,
     .about = "let the configured model propose",
     .more = "\"default\":false"},
};
constexpr Field kCloseGives[] = {
    {.name = "ingested", .type = Type::kWhole, .about = "new ledger rows", .required = true},
    {.name = "skipped",
     .type = Type::kWhole,
     .about = "events that the ledger held already",
     .required = true},
    {.name = "reflected", .type = Type::kWhole, .about = "proposed memories", .required = true},
    {.name = "pending_commit",
     .type = Type::kWhole,
     .about = "of these, new ones that wait for cortex_session_commit",
     .required = true},
    {.name = "receipt_id", .about = "the trace, or no_trace_id", .required = true},
    {.name = "memory_ids", .type = Type::kTexts, .about = "those that wait"},
    {.name = "note", .about = "why nothing was proposed although it was asked for"},
};

// The configured model when that is asked for, recorded answers where somebody has put them, else
// the extractor, which needs no model.
void choose_proposer(const Call& call, app::CloseRequest& request) {
  if (call.arguments.flag("live_reflect")) {
    request.proposer = app::live_proposer(call.services(), call.host.environment, std::nullopt,
                                          [](const std::string&) {});
    return;
  }
  const auto named = call.host.environment.get("CORTEX_FIXTURES_DIR");
  const std::string folder = named.value_or(fs::join(call.layout().data_dir, "replay"));
  const auto index = call.services().fs.stat(fs::join(folder, "INDEX.toml"));
  request.extract = !index.ok() || index->kind == fs::Kind::kMissing;
  if (request.extract) return;
  request.proposer = app::replay_proposer(
      call.services(), call.host.environment, folder,
      "call again with `live_reflect`, or `skip_reflect` to record the events alone");
}

// The events are in the ledger first, whatever becomes of the reflection.
Result<json::Object> run_close(const Call& call) {
  app::CloseRequest request;
  CORTEX_ASSIGN(request.text, call.arguments.text("events_json"));
  CORTEX_ASSIGN(const app::IngestReport ingested,
                app::ingest_text(call.services(), call.layout(), *request.text));
  app::CloseReport report;
  if (!call.arguments.flag("skip_reflect")) {
    request.layout = call.layout();
    request.proposed = app::Proposed::kPending;
    request.policy = call.host.settings.write_gate;
    request.caller = call.caller("session closed over MCP");
    choose_proposer(call, request);
    report = app::close_session(call.services(), request);
  }
  json::Object out{{"ingested", ingested.appended.size()},
                   {"skipped", ingested.skipped.size()},
                   {"reflected", report.proposed},
                   {"pending_commit", report.memory_ids.size()},
                   {"receipt_id", report.trace_id.value_or("no_trace_id")},
                   {"memory_ids", json::array_of(report.memory_ids)}};
  if (report.failure) out.add("note", report.failure->message);
  if (report.quarantine) {
    out.add("note", cat("the reflection was refused: ", report.quarantine->reason));
  }
  return out;
}

// ---- cortex_session_commit

constexpr Field kCommitTakes[] = {
    kTokenField,
    {.name = "memory_ids",
     .type = Type::kTexts,
     .about = "commit these only; without it everything that is pending",
     .nullable = true},
};
constexpr Field kCommitGives[] = {
    {.name = "committed", .type = Type::kWhole, .required = true},
    {.name = "receipt_id", .about = "stands in the audit row and the ledger", .required = true},
};

Result<json::Object> run_commit(const Call& call) {
  CORTEX_TRY(call.host.confirmation.check(call.arguments));
  CORTEX_ASSIGN(auto ids, call.arguments.texts("memory_ids"));
  CORTEX_ASSIGN(const app::CommitReport report,
                app::commit_pending(call.services(), call.layout(),
                                    {std::move(ids), call.caller("committed by token")}));
  return json::Object{{"committed", report.committed.size()}, {"receipt_id", report.receipt_id}};
}

constexpr Tool kSessionTools[] = {
    {.name = "cortex_memory_list",
     .title = "List memories",
     .about = "Lists active memories, newest first; or with status what waits for a commit.",
     .tier = Tier::kSupervised,
     .takes = kSessionListTakes,
     .gives = kSessionListGives,
     .list = "memories",
     .run = run_list},
    {.name = "cortex_memory_health",
     .title = "Health of the memories",
     .about = "Counts active memories, and those that are old or were never validated.",
     .gives = kHealthGives,
     .run = run_health},
    {.name = "cortex_session_close",
     .title = "Close a session",
     .about =
         "Appends the events of a session to the ledger, all or none, and proposes memories that "
         "wait for a commit. Events that are there already are passed over.",
     .tier = Tier::kSupervised,
     .lane = Lane::kWrite,
     .idempotent = true,
     .takes = kCloseTakes,
     .gives = kCloseGives,
     .run = run_close},
    {.name = "cortex_session_commit",
     .title = "Commit pending memories",
     .about = "Makes pending memories active, all of them or those named. Needs the confirmation "
              "token.",
     .tier = Tier::kConfirmed,
     .lane = Lane::kWrite,
     .takes = kCommitTakes,
     .gives = kCommitGives,
     .run = run_commit},
};

}  // namespace

std::span<const Tool> session_tools() { return kSessionTools; }

}  // namespace cortex::mcp
