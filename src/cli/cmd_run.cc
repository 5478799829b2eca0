// `run`: the answer of a model as an event of the ledger.
#include "app/compatibility.h"
#include "app/run.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

Outcome refusal(const Context& context, const Error& error) {
  return failed(context, error, json::Object{{"detail", error.text()}, {"status", "error"}});
}

// Deltas go where people look; with --json stdout holds the envelope alone.
bool show_delta(bool json, std::string_view delta) {
  if (json) {
    write_stderr(delta);
    return true;
  }
  return write_stdout(delta) && !reader_has_gone();
}

}  // namespace

Outcome run_run(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return refusal(context, layout.error());
  app::RunRequest request;
  request.task = flags.optional("task").value_or("");  // a blank one is refused with all others
  request.model = flags.optional("model").value_or(request.model);
  request.trusted_history = flags.has("trusted-history");
  request.attestation = flags.optional("attestation");
  request.break_glass = flags.optional("break-glass");
  request.offline_fallback = flags.has("offline-fallback");
  request.strict = flags.has("strict");
  request.compatible = app::is_compatible(context.environment);
  if (flags.has("stream")) {
    request.on_delta = [json = context.json()](std::string_view delta) {
      return show_delta(json, delta);
    };
  }
  const auto report = app::run_task(context.services, context.environment, *layout, request);
  if (flags.has("stream")) show_delta(context.json(), "\n");
  if (!report.ok()) return refusal(context, report.error());
  Outcome outcome;
  for (const std::string& warning : report->warnings) {
    outcome.diagnostics += cat("cortex run: ", warning, "\n");
  }
  json::Value document = app::to_json(*report);
  if (!context.json()) outcome.text = json::write_pretty(document) + "\n";
  outcome.report = json::sorted(std::move(document));
  return outcome;
}

}  // namespace cortex::cli
