// `decay list`, `decay status`, `decay recover`, and what all of decay shares.
#include <utility>

#include "app/checked_store.h"
#include "app/decay.h"
#include "app/decay_work.h"
#include "base/text.h"
#include "store/plain_rows.h"

namespace cortex::app {
namespace {

using memory::JobState;

// Jobs without a lease were claimed by a program that knows none: ten minutes are more than any
// model may take.
constexpr std::int64_t kUnleasedSeconds = 600;

bool is_abandoned(const store::DecayJob& job, Timestamp now) {
  if (!job.lease_until.empty()) return job.lease_until < column_time(now);
  now.seconds -= kUnleasedSeconds;
  return job.updated_at < column_time(now);
}

Result<std::optional<json::Value>> last_review(sqlite::Connection& db, const store::DecayJob& job) {
  if (job.source_ids.empty()) return std::optional<json::Value>();
  CORTEX_ASSIGN(const auto rows,
                store::rows_where(db, "audit_records",
                                  "WHERE target_ref = ?1 AND operation = 'principle.review'"
                                  " ORDER BY created_at DESC, id DESC LIMIT 1",
                                  job.source_ids.front()));
  if (rows.empty()) return std::optional<json::Value>();
  auto review = json::parse(store::text_of(rows.front(), "reason"));
  if (!review.ok()) return std::optional<json::Value>();  // a row of another program
  return std::optional(std::move(review).value());
}

}  // namespace

Result<store::DecayJob> required_job(sqlite::Connection& db, const std::string& id) {
  CORTEX_ASSIGN(auto found, store::find_decay_job(db, id));
  if (found) return *std::move(found);
  return refusal(Code::kPrecondition, cat("there is no decay job ", id), "see `cortex decay list`",
                 "decay.job_not_found");
}

void move_job(store::DecayJob& job, JobState to, Timestamp now) {
  job.state = memory::job_state_token(to);
  job.updated_at = column_time(now);
  if (to == JobState::kInProgress) return;
  job.runner.clear();
  job.lease_until.clear();
}

store::Operation decay_operation(Services& services, std::string_view verb,
                                 const store::DecayJob& job, std::string_view from,
                                 std::string reason, json::Object more) {
  more.set("at", job.updated_at);
  more.set("job", store::decay_job_to_json(job));
  if (!from.empty()) more.set("from", from);
  more.set("audit_id", new_id(services, core::IdKind::kAuditRecord));
  more.set("audit_reason", std::move(reason));
  return {cat("decay.", verb), std::move(more)};
}

json::Object listed_job(const store::DecayJob& job, const store::SummarySources& superseded) {
  json::Object out{{"id", job.id},
                   {"kind", job.kind},
                   {"summary_method", job.method},
                   {"state", job.state},
                   {"source_ids", store::sources_json(job)},
                   {"state_reason", json::or_null(job.state_reason)},
                   {"result_memory_id", json::or_null(job.result_memory_id)},
                   {"scheduled_for", job.scheduled_for},
                   {"created_at", job.created_at},
                   {"created_by", job.created_by},
                   {"updated_at", job.updated_at},
                   {"superseded_memory_ids", json::array_of(superseded.memories)},
                   {"superseded_episode_ids", json::array_of(superseded.episodes)}};
  if (job.supersede) out.add("supersede_sources", true);
  if (!job.cancel_reason.empty()) out.add("cancel_reason", job.cancel_reason);
  if (!job.lease_until.empty()) out.add("lease_until", job.lease_until);
  return out;
}

Result<DecayListing> list_decay(Services& services, const Layout& layout,
                                const std::vector<JobState>& states) {
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  DecayListing listing;
  for (const JobState state : states) listing.states.emplace_back(memory::job_state_token(state));
  std::vector<std::string> wanted = listing.states;
  if (wanted.empty()) {
    for (const JobState state : memory::kJobStates) {
      wanted.emplace_back(memory::job_state_token(state));
    }
  }
  for (const std::string& state : wanted) {
    CORTEX_ASSIGN(auto jobs, store::list_decay_jobs(store.connection, state));
    for (store::DecayJob& job : jobs) listing.jobs.push_back(std::move(job));
  }
  return listing;
}

json::Value to_json(const DecayListing& listing) {
  json::Array jobs;
  for (const store::DecayJob& job : listing.jobs) jobs.emplace_back(listed_job(job, {}));
  return json::Object{{"state_filter", json::array_of(listing.states)},
                      {"job_count", listing.jobs.size()},
                      {"jobs", std::move(jobs)}};
}

Result<DecayStatus> decay_status(Services& services, const Layout& layout,
                                 const std::string& job_id) {
  CORTEX_ASSIGN(const std::string id, id_argument(core::IdKind::kDecayJob, job_id));
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  DecayStatus status;
  CORTEX_ASSIGN(status.job, required_job(store.connection, id));
  if (status.job.kind == memory::decay_kind_row(memory::DecayKind::kPrincipleReview).token) {
    CORTEX_ASSIGN(status.review, last_review(store.connection, status.job));
  }
  if (!status.job.result_memory_id) return status;
  CORTEX_ASSIGN(status.superseded,
                store::sources_of_summary(store.connection, *status.job.result_memory_id));
  return status;
}

json::Value to_json(const DecayStatus& status) {
  json::Object out = listed_job(status.job, status.superseded);
  if (status.review) out.add("review", *status.review);
  return out;
}

Result<DecayRecoverReport> recover_decay(Services& services, const Layout& layout,
                                         const store::Caller& caller) {
  DecayRecoverReport report;
  const Plan plan = [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
    const std::string_view running = memory::job_state_token(JobState::kInProgress);
    CORTEX_ASSIGN(const auto jobs, store::list_decay_jobs(db, running));
    std::vector<store::Operation> operations;
    for (store::DecayJob job : jobs) {
      if (!is_abandoned(job, services.clock.now())) {
        report.running.push_back(job.id);
        continue;
      }
      report.recovered.push_back(job.id);
      move_job(job, JobState::kPending, services.clock.now());
      operations.push_back(
          decay_operation(services, "recover", job, running, "nobody worked on it any more"));
    }
    return operations;
  };
  CORTEX_ASSIGN(const Recorded recorded, change_memories(services, layout, caller, plan));
  report.mirror_note = recorded.mirror_note;
  return report;
}

json::Value to_json(const DecayRecoverReport& report) {
  return json::Object{{"recovered", json::array_of(report.recovered)},
                      {"recovered_count", report.recovered.size()},
                      {"running", json::array_of(report.running)}};
}

}  // namespace cortex::app
