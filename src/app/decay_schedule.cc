// `decay schedule` and `decay cancel`.
#include <algorithm>
#include <map>
#include <utility>

#include "app/decay.h"
#include "app/decay_work.h"
#include "app/time_flag.h"
#include "base/text.h"
#include "store/contradictions.h"
#include "store/memories.h"
#include "store/schema_query.h"

namespace cortex::app {
namespace {

using memory::DecayKind;
using memory::SummaryMethod;

constexpr std::string_view kPast = "decay.schedule.scheduled_for_must_be_present_or_future";
constexpr std::string_view kNeedsAttestation = "decay.run.operator_attestation_required_for_llm";
constexpr std::string_view kNothingFades = "decay.schedule.nothing_fades";

Error schedule_usage(std::string message, std::string next) {
  return refusal(Code::kUsage, std::move(message), std::move(next));
}

Result<Timestamp> due_time(const DecayScheduleRequest& request, Timestamp now) {
  const std::string text(trim(request.scheduled_for));
  if (text.empty()) return now;
  CORTEX_ASSIGN(const Timestamp time,
                time_flag("scheduled-for", text, {.may_be_date = false, .is_kept = true}));
  if (time < now && !request.past_allowed) {
    return refusal(Code::kPrecondition, cat("--scheduled-for ", quoted(text), " is in the past"),
                   "give a later time, or --run-immediately", std::string(kPast));
  }
  return time;
}

struct IdFlag {
  DecayKind kind;
  std::string_view name;
  std::optional<std::string> DecayScheduleRequest::* member;
};
constexpr IdFlag kIdFlags[] = {
    {DecayKind::kEpisodes, "--episode-ids", &DecayScheduleRequest::episode_ids},
    {DecayKind::kCandidates, "--memory-ids", &DecayScheduleRequest::memory_ids},
    {DecayKind::kPrincipleReview, "--principle-id", &DecayScheduleRequest::principle_id},
};

// The texts that name the sources, whichever way they were given.
Result<std::vector<std::string>> named_sources(const DecayScheduleRequest& request) {
  if (request.source_ids) return *request.source_ids;
  std::vector<std::string> names;
  for (const IdFlag& flag : kIdFlags) {
    const auto& given = request.*flag.member;
    if (flag.kind != request.kind && given) {
      return schedule_usage(
          cat(flag.name, " does not go with ", memory::decay_kind_row(request.kind).token),
          cat("give ", kIdFlags[static_cast<std::size_t>(request.kind)].name));
    }
    if (flag.kind != request.kind) continue;
    const std::string list = given.value_or("");
    for (const std::string_view part : split(list, ',')) {
      if (!is_blank(part)) names.emplace_back(trim(part));
    }
  }
  return names;
}

// Canonical, each once, in the order given.
Result<std::vector<std::string>> source_ids(const DecayScheduleRequest& request) {
  CORTEX_ASSIGN(const auto names, named_sources(request));
  const memory::DecayKindRow& row = memory::decay_kind_row(request.kind);
  std::vector<std::string> ids;
  for (const std::string& name : names) {
    CORTEX_ASSIGN(std::string id, id_argument(row.source_kind, name));
    if (std::ranges::find(ids, id) == ids.end()) ids.push_back(std::move(id));
  }
  const bool review = request.kind == DecayKind::kPrincipleReview;
  if (request.fading && (request.kind != DecayKind::kCandidates || !ids.empty())) {
    return schedule_usage("--fading chooses memories by itself",
                          "give it with candidate-compression alone");
  }
  if (!request.fading && (ids.empty() || (review && ids.size() != 1))) {
    return schedule_usage(
        cat(row.token, " needs ", review ? "exactly one principle" : "at least one id"),
        cat("give ", kIdFlags[static_cast<std::size_t>(request.kind)].name));
  }
  return ids;
}

constexpr std::string_view kSourceTables[] = {"episodes", "memories", "principles"};

Status require_sources(sqlite::Connection& db, DecayKind kind,
                       const std::vector<std::string>& ids) {
  CORTEX_ASSIGN(
      auto missing,
      db.prepare(cat("SELECT value FROM json_each(?1) WHERE value NOT IN (SELECT id FROM ",
                     kSourceTables[static_cast<std::size_t>(kind)], ") LIMIT 1")));
  CORTEX_TRY(missing.bind(1, json::array_text(ids)));
  CORTEX_ASSIGN(const bool any, missing.step());
  if (!any) return {};
  return refusal(Code::kPrecondition,
                 cat("the source ", printable(missing.column_text(0)), " does not exist"),
                 "name sources that the store has", "decay.schedule.source_missing");
}

// Memories that a job stands for already, done or not.
Result<std::vector<std::string>> spoken_for(sqlite::Connection& db) {
  return store::text_column(
      db,
      "SELECT source_memory_id FROM memory_supersessions UNION SELECT e.value FROM decay_jobs j,"
      " json_each(j.source_ids_json) e WHERE j.state IN ('pending', 'in_progress') ORDER BY 1");
}

Result<std::vector<std::string>> contradicted_ids(sqlite::Connection& db) {
  CORTEX_ASSIGN(const auto open, store::list_contradictions(db, store::Which::kOpen));
  std::vector<std::string> ids;
  for (const store::Contradiction& one : open) {
    ids.push_back(one.left_ref);
    ids.push_back(one.right_ref);
  }
  std::ranges::sort(ids);
  return ids;
}

// One pass over the active memories: those that fade, by their first tag, oldest first; of the tag
// with the most of them `at_most`.
Result<std::vector<std::string>> fading_ids(sqlite::Connection& db, const FadingChoice& choice,
                                            Timestamp now) {
  CORTEX_ASSIGN(const Timestamp before, days_before(now, choice.older_than_days, "older-than"));
  const memory::FadingRule rule{.brightness_below = static_cast<float>(choice.brightness_below),
                                .before = column_time(before)};
  CORTEX_ASSIGN(const auto taken, spoken_for(db));
  CORTEX_ASSIGN(const auto contradicted, contradicted_ids(db));
  // (updated_at, id): the oldest first.
  std::map<std::string, std::vector<std::pair<std::string, std::string>>> by_tag;
  const auto look = [&](const store::Memory& one) -> Status {
    const bool disputed = std::ranges::binary_search(contradicted, one.id);
    if (std::ranges::binary_search(taken, one.id) || !memory::is_fading(one, disputed, rule)) {
      return {};
    }
    const auto tags = one.tags();
    by_tag[tags.empty() ? std::string() : tags.front()].emplace_back(one.updated_at, one.id);
    return {};
  };
  CORTEX_TRY(store::each_memory(db, {.statuses = {"active"}}, look));
  const auto most =
      std::ranges::max_element(by_tag, {}, [](const auto& group) { return group.second.size(); });
  if (most == by_tag.end() || most->second.size() < 2) {
    return refusal(Code::kPrecondition, "no two memories of one tag fade",
                   "lower --older-than or raise --brightness-below", std::string(kNothingFades));
  }
  std::ranges::sort(most->second);
  if (most->second.size() > choice.at_most) most->second.resize(choice.at_most);
  std::vector<std::string> ids;
  for (auto& [since, id] : most->second) ids.push_back(std::move(id));
  return ids;
}

Status check_request(const DecayScheduleRequest& request) {
  if (request.method == SummaryMethod::kModel && !request.attested) {
    return refusal(Code::kPrecondition,
                   "summary_method=llm_summary needs an attestation of the operator",
                   "give --operator-attestation FILE; the file is made for the job afterwards, by"
                   " `cortex decay attest`",
                   std::string(kNeedsAttestation));
  }
  if (request.kind == DecayKind::kPrincipleReview && request.method == SummaryMethod::kModel) {
    return schedule_usage("a review of a principle has no summary", "leave --summary-method out");
  }
  if (request.fading && request.fading->at_most == 0) {
    return schedule_usage("--at-most 0 leaves nothing to summarise", "give at least 1");
  }
  if (request.supersede && request.kind != DecayKind::kCandidates) {
    return schedule_usage("--supersede-sources is for memories",
                          "give it with candidate-compression alone");
  }
  return {};
}

// Told after whatever else is wrong with the flags, and after a store that is missing: the code is
// that of a row that the store does not take.
Status require_author(const DecayScheduleRequest& request) {
  if (!is_blank(request.created_by) && is_valid_utf8(request.created_by)) return {};
  return refusal(Code::kInternal, "--created-by must not be empty", "name who asks for the job");
}

store::DecayJob job_of(Services& services, const DecayScheduleRequest& request, Timestamp due,
                       std::string created_by, std::vector<std::string> ids) {
  const bool review = request.kind == DecayKind::kPrincipleReview;
  const std::string now = column_time(services.clock.now());
  store::DecayJob job;
  job.id = new_id(services, core::IdKind::kDecayJob);
  job.kind = memory::decay_kind_row(request.kind).token;
  job.method = memory::method_token(review ? SummaryMethod::kNone : request.method);
  job.source_ids = std::move(ids);
  job.state = memory::job_state_token(memory::JobState::kPending);
  job.scheduled_for = column_time(due);
  job.created_by = std::move(created_by);
  job.created_at = job.updated_at = now;
  job.supersede = request.supersede;
  return job;
}

}  // namespace

Result<DecayScheduleReport> schedule_decay(Services& services, const Layout& layout,
                                           const DecayScheduleRequest& request) {
  CORTEX_ASSIGN(const Timestamp due, due_time(request, services.clock.now()));
  CORTEX_TRY(check_request(request));
  CORTEX_ASSIGN(const auto named, source_ids(request));
  CORTEX_ASSIGN(const memory::Screened who,
                memory::screen(trim(request.created_by), request.policy));
  DecayScheduleReport report;
  const Plan plan = [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
    std::vector<std::string> ids = named;
    CORTEX_TRY(require_author(request));
    if (request.fading) {
      CORTEX_ASSIGN(ids, fading_ids(db, *request.fading, services.clock.now()));
    }
    CORTEX_TRY(require_sources(db, request.kind, ids));
    report.job = job_of(services, request, due, who.text, std::move(ids));
    return std::vector{
        decay_operation(services, "schedule", report.job, "", cat("by ", report.job.created_by))};
  };
  CORTEX_ASSIGN(const Recorded recorded, change_memories(services, layout, request.caller, plan));
  report.event_id = recorded.event_ids.front();
  report.mirror_note = recorded.mirror_note;
  return report;
}

json::Value to_json(const DecayScheduleReport& report) {
  const store::DecayJob& job = report.job;
  json::Object out{{"job_id", job.id},
                   {"kind", job.kind},
                   {"summary_method", job.method},
                   {"state", job.state},
                   {"scheduled_for", job.scheduled_for},
                   {"source_ids", json::array_of(job.source_ids)},
                   {"created_by", job.created_by}};
  if (job.supersede) out.add("supersede_sources", true);
  out.add("event_id", report.event_id);
  return out;
}

Result<DecayCancelReport> cancel_decay(Services& services, const Layout& layout,
                                       const std::string& job_id, const std::string& reason,
                                       const Author& author) {
  if (is_blank(reason) || !is_valid_utf8(reason)) {
    return schedule_usage("the reason must not be empty", "say why with --reason");
  }
  CORTEX_ASSIGN(const std::string kept, kept_reason(author.policy, reason));
  CORTEX_ASSIGN(const std::string id, id_argument(core::IdKind::kDecayJob, job_id));
  DecayCancelReport report;
  report.reason = kept;
  const Plan plan = [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
    CORTEX_ASSIGN(report.job, required_job(db, id));
    report.from_state = report.job.state;
    const auto state = memory::parse_job_state(report.job.state);
    if (!state || memory::is_terminal(*state)) {
      return refusal(Code::kPrecondition,
                     cat("the decay job ", id, " is ", printable(report.job.state), " already"),
                     "only pending and running jobs can be cancelled",
                     "decay.cancel.terminal_state");
    }
    move_job(report.job, memory::JobState::kCancelled, services.clock.now());
    report.job.cancel_reason = kept;
    return std::vector{decay_operation(services, "cancel", report.job, report.from_state, kept)};
  };
  CORTEX_ASSIGN(const Recorded recorded, change_memories(services, layout, author.caller, plan));
  report.mirror_note = recorded.mirror_note;
  return report;
}

json::Value to_json(const DecayCancelReport& report) {
  return json::Object{{"job_id", report.job.id},
                      {"from_state", report.from_state},
                      {"to_state", report.job.state},
                      {"reason", report.reason}};
}

}  // namespace cortex::app
