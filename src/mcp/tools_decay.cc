// Tools of forgetting and of principles.
#include <algorithm>
#include <iterator>
#include <utility>

#include "app/decay.h"
#include "app/principles.h"
#include "base/text.h"
#include "mcp/tool.h"

namespace cortex::mcp {
namespace {

std::string with_underscores(std::string text) {
  std::ranges::replace(text, '-', '_');
  return text;
}

// ---- cortex_decay_status

constexpr std::string_view kStates[] = {"",          "pending", "in_progress", "in-progress",
                                        "completed", "failed",  "cancelled"};
constexpr Field kStatusTakes[] = {
    {.name = "state", .about = "jobs in this state only", .choices = kStates},
};
constexpr Field kJob[] = {
    {.name = "id", .required = true},         {.name = "kind", .required = true},
    {.name = "state", .required = true},      {.name = "scheduled_for", .required = true},
    {.name = "created_at", .required = true},
};
constexpr Field kDecayStatusGives[] = {
    {.name = "jobs", .type = Type::kObjects, .required = true, .members = kJob},
    {.name = "total", .type = Type::kWhole, .required = true},
};

// Anything but a text counts as none.
Result<std::vector<memory::JobState>> states_of(const Arguments& arguments) {
  const json::Value* value = arguments.find("state");
  const std::string* text = value == nullptr ? nullptr : value->as_string();
  if (text == nullptr || text->empty()) return std::vector<memory::JobState>();
  const auto state = memory::parse_job_state(with_underscores(*text));
  if (!state) return bad_argument(cat("state ", quoted(*text), " is none of a job"));
  return std::vector{*state};
}

Result<json::Object> run_decay_status(const Call& call) {
  CORTEX_ASSIGN(const auto states, states_of(call.arguments));
  CORTEX_ASSIGN(const app::DecayListing listing,
                app::list_decay(call.services(), call.layout(), states));
  json::Array jobs;
  for (const store::DecayJob& job : listing.jobs) {
    jobs.emplace_back(json::Object{{"id", job.id},
                                   {"kind", job.kind},
                                   {"state", job.state},
                                   {"scheduled_for", job.scheduled_for},
                                   {"created_at", job.created_at}});
  }
  const std::size_t total = jobs.size();
  return json::Object{{"jobs", std::move(jobs)}, {"total", total}};
}

// ---- cortex_decay_schedule

constexpr std::string_view kDecayKinds[] = {"episode_compression", "candidate_compression",
                                            "expired_principle_review"};
constexpr std::string_view kDecayMethods[] = {"deterministic_concatenate"};
constexpr Field kScheduleTakes[] = {
    {.name = "kind", .required = true, .choices = kDecayKinds},
    {.name = "summary_method", .required = true, .choices = kDecayMethods},
    {.name = "source_ids",
     .type = Type::kTexts,
     .about = "episodes, memories, or one principle, as the kind has it",
     .required = true,
     .more = "\"minItems\":1"},
    {.name = "scheduled_for", .about = "RFC 3339; default: now", .nullable = true},
};
constexpr Field kScheduleGives[] = {
    {.name = "job_id", .required = true},
    {.name = "kind", .required = true},
    {.name = "state", .required = true},
    {.name = "scheduled_for", .required = true},
};

Result<json::Object> run_schedule(const Call& call) {
  app::DecayScheduleRequest request;
  CORTEX_ASSIGN(const std::string kind, call.arguments.text("kind"));
  const auto known = memory::parse_decay_kind(with_underscores(kind));
  if (!known) return bad_argument(cat("kind ", quoted(kind), " is none of a job"));
  request.kind = *known;
  CORTEX_ASSIGN(const std::string method, call.arguments.text("summary_method"));
  if (with_underscores(method) == "llm_summary") {
    return bad_argument(
        "summary_method llm_summary needs the attestation of a person: use the "
        "command line");
  }
  const auto way = memory::parse_method(with_underscores(method));
  if (!way || *way == memory::SummaryMethod::kModel) {
    return bad_argument(cat("summary_method ", quoted(method), " is none"));
  }
  request.method =
      request.kind == memory::DecayKind::kPrincipleReview ? memory::SummaryMethod::kNone : *way;
  CORTEX_ASSIGN(request.source_ids, call.arguments.texts("source_ids", false));
  if (!request.source_ids || request.source_ids->empty()) {
    return bad_argument("source_ids must name at least one source");
  }
  CORTEX_ASSIGN(const auto when, call.arguments.optional_trimmed("scheduled_for"));
  request.scheduled_for = when.value_or("");
  request.past_allowed = true;
  request.created_by = "operator:mcp";
  request.caller = call.caller("scheduled over MCP");
  CORTEX_ASSIGN(const app::DecayScheduleReport report,
                app::schedule_decay(call.services(), call.layout(), request));
  return members_of(to_json(report));
}

// ---- cortex_decay_run

constexpr Field kDecayRunTakes[] = {
    {.name = "job_id", .about = "this job; or next_pending", .nullable = true},
    {.name = "next_pending",
     .type = Type::kSwitch,
     .about = "the job that is due first",
     .more = "\"default\":false"},
};
constexpr Field kDecayRunGives[] = {
    {.name = "job_id", .required = true},
    {.name = "outcome", .about = "completed or failed", .required = true},
    {.name = "state_reason", .required = true, .nullable = true},
};

Result<json::Object> run_job(const Call& call) {
  app::DecayRunRequest request;
  CORTEX_ASSIGN(request.job_id, call.arguments.optional_trimmed("job_id"));
  request.next_pending = call.arguments.flag("next_pending");
  if (request.job_id.has_value() == request.next_pending) {
    return bad_argument("exactly one of job_id and next_pending must be given");
  }
  request.caller = call.caller("run over MCP");
  CORTEX_ASSIGN(const app::DecayRunReport report,
                app::run_decay(call.services(), call.layout(), request));
  const bool completed = report.job.state == "completed";
  std::optional<std::string> reason = report.job.state_reason;
  if (!reason && report.failure) reason = report.failure->message;
  return json::Object{{"job_id", report.job.id},
                      {"outcome", completed ? "completed" : "failed"},
                      {"state_reason", json::or_null(reason)}};
}

// ---- cortex_principle_status, cortex_principles_extract

constexpr Field kPrincipleTakes[] = {
    {.name = "principle_id", .about = "this one; default: the candidates", .nullable = true},
};
constexpr Field kPrincipleGives[] = {
    {.name = "active_count", .type = Type::kWhole, .about = "active memories", .required = true},
    {.name = "candidate_count", .type = Type::kWhole, .required = true},
    {.name = "doctrine_count", .type = Type::kWhole, .required = true},
    {.name = "principles", .type = Type::kObjects, .required = true},
};

Result<json::Object> run_principles(const Call& call) {
  CORTEX_ASSIGN(const auto id, call.arguments.optional_trimmed("principle_id"));
  CORTEX_ASSIGN(const app::PrincipleStatus status,
                app::principle_status(call.services(), call.layout(), id));
  return members_of(to_json(status));
}

constexpr std::size_t kExtracted = 10, kExtractedMax = 50;
constexpr Field kExtractTakes[] = {
    {.name = "limit",
     .type = Type::kWhole,
     .about = "candidates at most",
     .nullable = true,
     .more = "\"default\":10,\"maximum\":50"},
    {.name = "domains",
     .type = Type::kTexts,
     .about = "from memories of at least one of these",
     .nullable = true},
};
constexpr Field kExtractGives[] = {
    {.name = "candidates", .type = Type::kObjects, .required = true},
    {.name = "count", .type = Type::kWhole, .required = true},
};

Result<json::Object> run_extract(const Call& call) {
  app::ExtractRequest request;
  CORTEX_ASSIGN(request.limit, call.arguments.whole("limit", kExtracted, kExtractedMax));
  CORTEX_ASSIGN(auto domains, call.arguments.texts("domains"));
  request.domains = std::move(domains).value_or(std::vector<std::string>());
  request.caller = call.caller("principles");
  CORTEX_ASSIGN(const app::ExtractReport report,
                app::extract_principles(call.services(), call.layout(), request));
  json::Array candidates;
  for (const memory::PrincipleCandidate& one : report.candidates) {
    const std::size_t number = candidates.size();
    candidates.emplace_back(json::Object{{"id", cat("candidate-", number)},
                                         {"claim", one.statement},
                                         {"confidence", one.confidence},
                                         {"domains", json::array_of(one.domains)},
                                         {"supporting", json::array_of(one.supporting)}});
  }
  const std::size_t count = candidates.size();
  return json::Object{{"candidates", std::move(candidates)}, {"count", count}};
}

constexpr Tool kDecayTools[] = {
    {.name = "cortex_decay_status",
     .title = "Decay jobs",
     .about = "Lists the jobs that fold old memories into summaries, or those in one state.",
     .tier = Tier::kSupervised,
     .takes = kStatusTakes,
     .gives = kDecayStatusGives,
     .list = "jobs",
     .run = run_decay_status},
    {.name = "cortex_decay_schedule",
     .title = "Schedule a decay job",
     .about = "Queues a job that summarises memories or episodes, or looks at a principle again.",
     .tier = Tier::kSupervised,
     .lane = Lane::kWrite,
     .takes = kScheduleTakes,
     .gives = kScheduleGives,
     .run = run_schedule},
    {.name = "cortex_decay_run",
     .title = "Run a decay job",
     .about = "Runs one job: a named one, or the one that is due first. Jobs with a model need a "
              "person.",
     .tier = Tier::kSupervised,
     .lane = Lane::kWrite,
     .destructive = true,
     .takes = kDecayRunTakes,
     .gives = kDecayRunGives,
     .run = run_job},
    {.name = "cortex_principle_status",
     .title = "Principles",
     .about = "Counts memories, candidate principles and doctrine, and lists principles.",
     .tier = Tier::kSupervised,
     .takes = kPrincipleTakes,
     .gives = kPrincipleGives,
     .list = "principles",
     .run = run_principles},
    {.name = "cortex_principles_extract",
     .title = "Find principles",
     .about =
         "Proposes principles that several memories of several domains support. Keeps nothing.",
     .tier = Tier::kSupervised,
     .takes = kExtractTakes,
     .gives = kExtractGives,
     .list = "candidates",
     .run = run_extract},
};

}  // namespace

std::span<const Tool> decay_tools() { return kDecayTools; }

}  // namespace cortex::mcp
