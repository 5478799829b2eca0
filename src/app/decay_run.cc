// `decay run`: one job, from the claim to its end.
#include <utility>

#include "app/decay.h"
#include "app/decay_sources.h"
#include "app/decay_work.h"
#include "app/row_signing.h"
#include "base/text.h"
#include "trust/timeline.h"

namespace cortex::app {
namespace {

using memory::JobState;
using Operations = std::vector<store::Operation>;

constexpr std::string_view kNoPendingJobs = "decay.run.no_pending_jobs";
constexpr std::string_view kInProgressAlready = "decay.run.job_in_progress";
constexpr std::string_view kLeaseLost = "decay.run.lease_lost";
// Longer than the longest call of a model, with its retries.
constexpr std::int64_t kLeaseSeconds = 300;

std::string_view token_of(JobState state) { return memory::job_state_token(state); }

bool needs_model(const store::DecayJob& job) {
  return job.method == memory::method_token(memory::SummaryMethod::kModel);
}

void add_texts(const json::Value& column, std::vector<std::string>& texts) {
  const json::Array* all = column.as_array();
  if (all == nullptr) return;
  for (const json::Value& one : *all) {
    if (const std::string* text = one.as_string()) texts.push_back(*text);
  }
}

Error needs_attestation(const store::DecayJob& job) {
  return refusal(Code::kPrecondition,
                 cat("the job ", job.id, " has summary_method=", job.method,
                     " and needs an attestation of the operator"),
                 cat("make one with `cortex decay attest ", job.id,
                     "` and give it with --operator-attestation"),
                 "decay.run.operator_attestation_required_for_llm");
}

// One run of one job. The plans are run by perform(), each in a transaction of its own.
class DecayRun {
 public:
  DecayRun(Services& services, const Layout& layout, const DecayRunRequest& request,
           std::optional<std::string> job_id)
      : services_(services), layout_(layout), request_(request), job_id_(std::move(job_id)) {}

  Result<DecayRunReport> go() {
    CORTEX_TRY(perform_plan([this](sqlite::Connection& db) { return begin(db); }));
    if (!claimed_) return std::move(report_);
    const auto answer = checked_summary(*request_.backend, question_);
    CORTEX_TRY(perform_plan([&](sqlite::Connection& db) { return settle(db, answer); }));
    return std::move(report_);
  }

 private:
  Status perform_plan(const Plan& plan) {
    CORTEX_ASSIGN(const Recorded recorded,
                  change_memories(services_, layout_, request_.caller, plan));
    if (!recorded.mirror_note.empty()) report_.mirror_note = recorded.mirror_note;
    return {};
  }

  Result<store::DecayJob> select(sqlite::Connection& db) {
    if (job_id_) return required_job(db, *job_id_);
    CORTEX_ASSIGN(auto due, store::due_decay_jobs(db, column_time(services_.clock.now())));
    for (store::DecayJob& job : due) {
      if (!needs_model(job) || request_.attestation_path) return std::move(job);
      report_.skipped.push_back(job.id);
    }
    if (!due.empty()) return needs_attestation(due.front());
    return refusal(Code::kPrecondition, "no pending job is due",
                   "schedule one with `cortex decay schedule`; `cortex decay recover` frees jobs"
                   " that were interrupted",
                   std::string(kNoPendingJobs));
  }

  Result<Operations> begin(sqlite::Connection& db) {
    CORTEX_ASSIGN(report_.job, select(db));
    report_.from_state = report_.job.state;
    if (needs_model(report_.job) && !request_.attestation_path) {
      return needs_attestation(report_.job);
    }
    if (request_.backend_refused) return *request_.backend_refused;
    const auto state = memory::parse_job_state(report_.job.state);
    if (state && memory::is_terminal(*state)) return Operations();
    if (state != JobState::kPending) {
      report_.failure = refusal(
          Code::kIntegrity, cat("the job ", report_.job.id, " is in progress already"),
          "wait for it, or free it with `cortex decay recover`", std::string(kInProgressAlready));
      return Operations();
    }
    if (report_.job.source_ids.empty()) {
      return fail(refusal(Code::kIntegrity, "its sources are no list of ids, or an empty one",
                          "schedule it anew", std::string(kInputInvalid)));
    }
    if (report_.job.method == memory::method_token(memory::SummaryMethod::kNone)) {
      return review(db);
    }
    auto sources = read_sources(db, report_.job);
    if (!sources.ok()) return fail(sources.error());
    if (needs_model(report_.job)) return claim(db, *sources);
    return complete(db, *std::move(sources), std::nullopt);
  }

  // What can be known before a model is asked is checked here: a mistake in a file costs no job.
  Result<Operations> claim(sqlite::Connection& db, const DecaySources& sources) {
    auto attestation =
        read_summary_attestation(services_.fs, *request_.attestation_path, report_.job.id);
    if (!attestation.ok()) return not_run(attestation.error());
    attestation_ = *std::move(attestation);
    CORTEX_TRY(judge_key(db, *attestation_));
    if (report_.failure) return Operations();
    if (request_.backend == nullptr) {
      return not_run(refusal(Code::kPrecondition, "no backend for summaries was named",
                             "give --ollama-summary or --claude-summary",
                             std::string(kBackendCallFailed)));
    }
    question_ = {.model_name = attestation_->model_name,
                 .prompt_template = attestation_->prompt_template,
                 .source_claims = {},
                 .max_output_bytes = memory::kSummaryBytesMax,
                 .job_id = report_.job.id};
    for (const auto& source : sources.sources) {
      question_.source_claims.push_back(source.text);
      add_texts(source.domains, question_.source_tags);
    }
    Timestamp until = services_.clock.now();
    until.seconds += kLeaseSeconds;
    report_.job.runner = new_id(services_, core::IdKind::kCorrelation);
    report_.job.lease_until = column_time(until);
    move_to(JobState::kInProgress);
    claimed_ = true;
    return Operations{decay_operation(
        services_, "claim", report_.job, report_.from_state, "claimed by a runner",
        {{"model", question_.model_name}, {"attestation", to_json(*attestation_)}})};
  }

  Status judge_key(sqlite::Connection& db, const SummaryAttestation& attestation) {
    CORTEX_ASSIGN(const trust::Authority authority,
                  signer_authority(db, attestation.key_hex, services_.clock.now()));
    report_.operator_key_state = authority.valid_now ? "valid" : authority.joined_reasons();
    if (authority.valid_now || !request_.require_registered_key) return {};
    report_.failure = refusal(
        Code::kPrecondition,
        cat("the key behind the attestation is not registered: ", report_.operator_key_state),
        "register the key, or leave --require-registered-key out",
        std::string(kAttestationRejected));
    return {};
  }

  // After the call: the job must still be ours.
  Result<Operations> settle(sqlite::Connection& db, const Result<SummaryAnswer>& answer) {
    CORTEX_ASSIGN(store::DecayJob job, required_job(db, report_.job.id));
    if (job.runner != report_.job.runner || job.state != token_of(JobState::kInProgress)) {
      report_.job = std::move(job);
      return not_run(refusal(Code::kPrecondition,
                             cat("the job ", report_.job.id, " was taken away from this runner"),
                             "run it again", std::string(kLeaseLost)));
    }
    report_.job = std::move(job);
    if (!answer.ok()) return fail(answer.error());
    auto sources = read_sources(db, report_.job);
    if (!sources.ok()) return fail(sources.error());
    return complete(db, *std::move(sources), memory::ModelText{answer->claim, answer->model_name});
  }

  Result<Operations> complete(sqlite::Connection& db, DecaySources sources,
                              const std::optional<memory::ModelText>& by_model) {
    const auto kind = memory::parse_decay_kind(report_.job.kind);
    store::Memory summary = memory::summary_of(*kind, sources.sources, by_model);
    summary.id = new_id(services_, core::IdKind::kMemory);
    summary.created_at = summary.updated_at = column_time(services_.clock.now());
    json::Object more;
    if (report_.job.supersede) {
      CORTEX_ASSIGN(const Retirement retirement, judge_retirement(db, sources, summary));
      if (retirement.why_not.empty()) {
        report_.retired = report_.job.source_ids;
        more.add("retired", json::array_of(report_.retired));
        if (retirement.summary_is_active) summary.status = "active";
      } else {
        report_.note = cat("the sources stay, because ", retirement.why_not);
      }
    }
    more.add("memory", store::memory_to_json(summary));
    if (by_model) more.add("attestation", to_json(*attestation_));
    const std::string before = report_.job.state;
    report_.job.result_memory_id = summary.id;
    move_to(JobState::kCompleted);
    Operations operations = std::move(sources.adoptions);
    operations.push_back(decay_operation(services_, "complete", report_.job, before,
                                         cat("made ", summary.id), std::move(more)));
    return operations;
  }

  Result<Operations> review(sqlite::Connection& db) {
    auto found = review_principle(services_, db, report_.job.source_ids.front());
    if (!found.ok()) return fail(found.error());
    report_.review = *found;
    const std::string before = report_.job.state;
    move_to(JobState::kCompleted);
    return Operations{decay_operation(services_, "complete", report_.job, before,
                                      cat("reviewed ", report_.job.source_ids.front()),
                                      {{"review", *std::move(found)}})};
  }

  Result<Operations> fail(const Error& why) {
    report_.failure = why;
    const bool model = why.token.starts_with("decay.llm_summary.");
    const std::string before = report_.job.state;
    report_.job.state_reason = model ? why.token : cat(why.token, ": ", why.message);
    move_to(JobState::kFailed);
    return Operations{
        decay_operation(services_, "fail", report_.job, before, cat(why.token, ": ", why.message))};
  }

  // The job stays what it is.
  Operations not_run(const Error& why) {
    report_.failure = why;
    return {};
  }

  void move_to(JobState state) { move_job(report_.job, state, services_.clock.now()); }

  Services& services_;
  const Layout& layout_;
  const DecayRunRequest& request_;
  std::optional<std::string> job_id_;
  DecayRunReport report_;
  SummaryRequest question_;
  std::optional<SummaryAttestation> attestation_;  // there whenever a model was asked
  bool claimed_ = false;
};

}  // namespace

Result<DecayRunReport> run_decay(Services& services, const Layout& layout,
                                 const DecayRunRequest& request) {
  if (request.job_id.has_value() == request.next_pending) {
    return refusal(Code::kUsage, "one job must be named: an id, or the next one that is due",
                   "give --job-id or --next-pending");
  }
  std::optional<std::string> id;
  if (request.job_id) {
    CORTEX_ASSIGN(id, id_argument(core::IdKind::kDecayJob, *request.job_id));
  }
  return DecayRun(services, layout, request, std::move(id)).go();
}

json::Value to_json(const DecayRunReport& report) {
  json::Object out{{"job_id", report.job.id},
                   {"kind", report.job.kind},
                   {"summary_method", report.job.method},
                   {"from_state", report.from_state},
                   {"to_state", report.job.state},
                   {"result_memory_id", json::or_null(report.job.result_memory_id)},
                   {"state_reason", json::or_null(report.job.state_reason)}};
  if (!report.retired.empty()) out.add("superseded_sources", json::array_of(report.retired));
  if (!report.note.empty()) out.add("note", report.note);
  if (!report.operator_key_state.empty()) {
    out.add("operator_key_state", report.operator_key_state);
  }
  if (report.review) out.add("review", *report.review);
  if (report.failure) out.add("detail", report.failure->message);
  if (!report.skipped.empty()) out.add("skipped_job_ids", json::array_of(report.skipped));
  return out;
}

}  // namespace cortex::app
