// `decay schedule`, `run`, `list`, `status`, `cancel`, `recover`.
#include <algorithm>
#include <utility>

#include "app/decay.h"
#include "app/decay_attest.h"
#include "app/memory_work.h"
#include "app/summary_models.h"
#include "base/join.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/number_flag.h"

namespace cortex::cli {
namespace {

std::string wire(std::string flag_text) {
  std::ranges::replace(flag_text, '-', '_');
  return flag_text;
}

std::string decay_joined(const std::vector<std::string>& texts) {
  return join(texts, ",", printable);
}

std::string line(std::string_view key, std::string_view value) {
  return cat(key, "=", printable(value), "\n");
}

std::string maybe_line(std::string_view key, std::string_view value) {
  return value.empty() ? std::string() : line(key, value);
}

std::string warning(std::string_view note) {
  return note.empty() ? std::string() : cat("warning: ", note, "\n");
}

// Refusals with a name have a report; usage, unknown jobs and a missing store are told on stderr
// alone.
Outcome decay_refused(const Context& context, const Error& error) {
  Outcome outcome =
      failed(context, error, json::Object{{"invariant", error.token}, {"reason", error.text()}});
  outcome.bare = error.code != Code::kPrecondition || error.token.empty() ||
                 error.token == "decay.job_not_found";
  return outcome;
}

Result<app::DecayScheduleRequest> schedule_request(const Context& context) {
  const Invocation& flags = context.invocation;
  app::DecayScheduleRequest request;
  request.kind =
      memory::parse_decay_kind(wire(flags.value("kind"))).value_or(memory::DecayKind::kCandidates);
  CORTEX_ASSIGN(request.policy, context.write_gate());
  if (flags.value("summary-method") == "llm") request.method = memory::SummaryMethod::kModel;
  request.episode_ids = flags.optional("episode-ids");
  request.memory_ids = flags.optional("memory-ids");
  request.principle_id = flags.optional("principle-id");
  if (flags.has("fading")) {
    app::FadingChoice& choice = request.fading.emplace();
    CORTEX_ASSIGN(const auto days, count_flag(flags, "older-than"));
    CORTEX_ASSIGN(const auto most, count_flag(flags, "at-most"));
    CORTEX_ASSIGN(choice.brightness_below,
                  number_flag(flags, "brightness-below", choice.brightness_below));
    choice.older_than_days = days.value_or(choice.older_than_days);
    choice.at_most = most.value_or(choice.at_most);
  }
  request.scheduled_for = flags.value("scheduled-for");
  request.past_allowed = flags.has("run-immediately");
  request.attested = flags.has("operator-attestation");
  request.supersede = flags.has("supersede-sources");
  if (flags.has("created-by")) request.created_by = flags.value("created-by");
  request.caller = app::cli_caller();
  return request;
}

// The backend that the flags ask for, or null; a fixture wins over Claude.
Result<std::unique_ptr<app::SummaryBackend>> backend_of(const Context& context,
                                                        const app::Warn& warn) {
  const Invocation& flags = context.invocation;
  if (const auto path = flags.optional("summary-backend-fixture")) {
    CORTEX_ASSIGN(app::FixtureBackend fixture,
                  app::FixtureBackend::read(context.services.fs, *path));
    return std::unique_ptr<app::SummaryBackend>(
        std::make_unique<app::FixtureBackend>(std::move(fixture)));
  }
  if (!flags.has("claude-summary") && !flags.has("ollama-summary")) {
    return std::unique_ptr<app::SummaryBackend>();
  }
  return app::model_summaries(
      context.services, context.environment,
      flags.has("claude-summary") ? app::LlmBackend::kClaude : app::LlmBackend::kOllama, warn);
}

std::string run_text(const app::DecayRunReport& report) {
  return cat("cortex decay run: state=", report.job.state, "\n", line("job_id", report.job.id),
             maybe_line("result_memory_id", report.job.result_memory_id.value_or("")),
             maybe_line("state_reason", report.job.state_reason.value_or("")),
             maybe_line("superseded", decay_joined(report.retired)),
             maybe_line("note", report.note),
             report.review ? line("review", json::write_compact(*report.review)) : std::string());
}

std::string status_text(const app::DecayStatus& status) {
  const store::DecayJob& job = status.job;
  return cat("cortex decay status: ok\n", line("job_id", job.id), line("kind", job.kind),
             line("summary_method", job.method), line("state", job.state),
             line("source_ids", decay_joined(job.source_ids)),
             maybe_line("state_reason", job.state_reason.value_or("")),
             maybe_line("cancel_reason", job.cancel_reason),
             maybe_line("result_memory_id", job.result_memory_id.value_or("")),
             line("scheduled_for", job.scheduled_for), line("created_at", job.created_at),
             line("created_by", job.created_by), line("updated_at", job.updated_at),
             maybe_line("superseded_memory_ids", decay_joined(status.superseded.memories)),
             maybe_line("superseded_episode_ids", decay_joined(status.superseded.episodes)),
             status.review ? line("review", json::write_compact(*status.review)) : std::string());
}

}  // namespace

Outcome run_decay_schedule(const Context& context) {
  const auto request = schedule_request(context);
  if (!request.ok()) return decay_refused(context, request.error());
  const auto layout = context.layout();
  if (!layout.ok()) return decay_refused(context, layout.error());
  const auto report = app::schedule_decay(context.services, *layout, *request);
  if (!report.ok()) return decay_refused(context, report.error());
  const store::DecayJob& job = report->job;
  return {.text = cat("cortex decay schedule: ok\n", line("job_id", job.id), line("kind", job.kind),
                      line("summary_method", job.method), line("state", job.state),
                      line("scheduled_for", job.scheduled_for)),
          .diagnostics = warning(report->mirror_note),
          .report = to_json(*report)};
}

Outcome run_decay_run(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return decay_refused(context, layout.error());
  std::string warnings;
  const auto backend = backend_of(context, [&warnings](const std::string& text) {
    warnings += cat("cortex decay run: ", text, "\n");
  });
  const auto not_run = [&](const Error& error) {
    Outcome outcome = decay_refused(context, error);
    outcome.diagnostics.insert(0, warnings);
    return outcome;
  };
  app::DecayRunRequest request{.job_id = flags.optional("job-id"),
                               .next_pending = flags.has("next-pending"),
                               .attestation_path = flags.optional("operator-attestation"),
                               .require_registered_key = flags.has("require-registered-key"),
                               .caller = app::cli_caller()};
  if (backend.ok()) {
    request.backend = backend->get();
  } else {
    request.backend_refused = backend.error();
  }
  const auto report = app::run_decay(context.services, *layout, request);
  if (!report.ok()) return not_run(report.error());
  Outcome outcome{.text = run_text(*report),
                  .diagnostics = warnings + warning(report->mirror_note),
                  .report = to_json(*report)};
  if (!report->operator_key_state.empty() && report->operator_key_state != "valid") {
    outcome.diagnostics += cat("warning: the key behind the attestation is not registered: ",
                               report->operator_key_state, "\n");
  }
  if (report->failure) {
    outcome.code = report->failure->code;
    outcome.diagnostics += error_line("decay run", *report->failure);
  }
  return outcome;
}

Outcome run_decay_list(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return decay_refused(context, layout.error());
  std::vector<memory::JobState> states;
  for (const std::string& text : context.invocation.all("state")) {
    if (const auto state = memory::parse_job_state(wire(text))) states.push_back(*state);
  }
  const auto listing = app::list_decay(context.services, *layout, states);
  if (!listing.ok()) return decay_refused(context, listing.error());
  std::string text =
      cat("cortex decay list: jobs=", listing->jobs.size(), " state_filter=",
          listing->states.empty() ? std::string("<any>") : decay_joined(listing->states), "\n");
  for (const store::DecayJob& job : listing->jobs) {
    text +=
        cat("job_id=", printable(job.id), " kind=", printable(job.kind),
            " state=", printable(job.state), " scheduled_for=", printable(job.scheduled_for), "\n");
  }
  return {.text = std::move(text), .diagnostics = "", .report = to_json(*listing)};
}

Outcome run_decay_status(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return decay_refused(context, layout.error());
  const auto status = app::decay_status(context.services, *layout, context.invocation.value("id"));
  if (!status.ok()) return decay_refused(context, status.error());
  return {.text = status_text(*status), .diagnostics = "", .report = to_json(*status)};
}

Outcome run_decay_cancel(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return decay_refused(context, layout.error());
  const auto policy = context.write_gate();
  if (!policy.ok()) return decay_refused(context, policy.error());
  const Invocation& flags = context.invocation;
  const auto report =
      app::cancel_decay(context.services, *layout, flags.value("id"), flags.value("reason"),
                        {.caller = app::cli_caller(), .policy = *policy});
  if (!report.ok()) return decay_refused(context, report.error());
  return {.text = cat("cortex decay cancel: ok\n", line("job_id", report->job.id),
                      line("from_state", report->from_state), line("to_state", report->job.state),
                      line("reason", report->reason)),
          .diagnostics = warning(report->mirror_note),
          .report = to_json(*report)};
}

Outcome run_decay_attest(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return decay_refused(context, layout.error());
  const Invocation& flags = context.invocation;
  const auto report = app::attest_summary(context.services, *layout,
                                          {.job_id = flags.value("id"),
                                           .model_name = flags.value("model"),
                                           .key_path = flags.value("signing-key"),
                                           .output_path = flags.value("output")});
  if (!report.ok()) return decay_refused(context, report.error());
  return {.text = cat("cortex decay attest: ok\n", line("job_id", report->attestation.job_id),
                      line("model_name", report->attestation.model_name),
                      line("prompt_template_blake3", report->attestation.prompt_template),
                      line("output", report->output_path)),
          .diagnostics = "",
          .report = to_json(*report)};
}

Outcome run_decay_recover(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return decay_refused(context, layout.error());
  const auto report = app::recover_decay(context.services, *layout, app::cli_caller());
  if (!report.ok()) return decay_refused(context, report.error());
  return {
      .text = cat("cortex decay recover: ok\n", line("recovered", decay_joined(report->recovered)),
                  maybe_line("running", decay_joined(report->running))),
      .diagnostics = warning(report->mirror_note),
      .report = to_json(*report)};
}

}  // namespace cortex::cli
