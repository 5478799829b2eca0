// `principles extract`, `principle list`, `falsify`, `promote`, `verify-promotion`.
#include <utility>

#include "app/memory_work.h"
#include "app/principles.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

std::string lag_warning(const std::string& note) {
  return note.empty() ? std::string() : cat("warning: ", note, "\n");
}

}  // namespace

Outcome run_principles_extract(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report = app::extract_principles(context.services, *layout,
                                              {.window = flags.value("window"),
                                               .model = flags.value("model"),
                                               .persist = flags.has("persist"),
                                               .caller = app::cli_caller()});
  if (!report.ok()) return failed(context, report.error());
  return {.text = json::write_pretty(to_json(*report)) + "\n",
          .diagnostics = cat(lag_warning(report->note), lag_warning(report->mirror_note)),
          .report = to_json(*report)};
}

Outcome run_principle_list(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto status = app::principle_status(context.services, *layout, std::nullopt);
  if (!status.ok()) return failed(context, status.error());
  std::string text = cat("principles: ", status->candidates, " candidates, ", status->doctrine,
                         " doctrine, from ", status->active_memories, " active memories\n");
  for (const app::PrincipleRow& row : status->principles) {
    text += cat("  ", printable(row.id), "  ", printable(row.statement), " (",
                with_thousands(row.supporting.size()),
                row.supporting.size() == 1 ? " supporting memory)\n" : " supporting memories)\n");
  }
  return {.text = std::move(text), .diagnostics = "", .report = to_json(*status)};
}

Outcome run_principle_falsify(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report = app::falsify_principle(context.services, *layout,
                                             {.principle_id = flags.value("id"),
                                              .failed_attempts = flags.all("failed-attempt"),
                                              .counterexamples = flags.all("counterexample"),
                                              .resolved = flags.all("resolved"),
                                              .caller = app::cli_caller()});
  if (!report.ok()) return failed(context, report.error());
  return {.text = cat("principle falsify: ", report->principle_id, " withstood ",
                      report->record.failed_attempts.size(), " attempts, ",
                      report->record.open_counterexamples.size(), " counterexamples open\n"),
          .diagnostics = lag_warning(report->mirror_note),
          .report = to_json(*report)};
}

Outcome run_principle_promote(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto force = memory::parse_force(flags.value("force"));
  const auto report = app::promote_principle(context.services, *layout,
                                             {.principle_id = flags.value("id"),
                                              .force = force.value_or(memory::Force::kAdvisory),
                                              .reason = flags.value("reason"),
                                              .attestation = flags.optional("attestation"),
                                              .caller = app::cli_caller(flags.value("reason"))});
  if (!report.ok()) return failed(context, report.error());
  if (report->refused) {
    Outcome outcome = failed(context, *report->refused);
    outcome.diagnostics += json::write_compact(report->refusal_detail) + "\n";
    return outcome;
  }
  return {.text = cat("cortex principle promote: promoted ", report->principle_id, " to doctrine ",
                      report->doctrine_id, "\n"),
          .diagnostics = lag_warning(report->mirror_note)};
}

Outcome run_verify_promotion(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto proof = app::verify_promotion(context.services, *layout, flags.value("id"),
                                           flags.has("require-registered-key"));
  if (!proof.ok()) return failed(context, proof.error());
  std::string warning;
  if (proof->operator_key_state != "valid") {
    warning = cat("warning: the key may not promote now: ", proof->operator_key_state, "\n");
  }
  return {.text = json::write_pretty(to_json(*proof)) + "\n", .diagnostics = std::move(warning)};
}

}  // namespace cortex::cli
