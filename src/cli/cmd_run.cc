// `run`: the answer of a model as an event of the ledger.
#include "app/compatibility.h"
#include "app/run.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/style.h"

namespace cortex::cli {
namespace {

Outcome refusal(const Context& context, const Error& error) {
  return failed(context, error, json::Object{{"detail", error.text()}, {"status", "error"}});
}

// Deltas go where people look; with --json stdout holds the envelope alone. On a terminal nothing
// that a model says may steer it; behind a pipe the bytes stay as they are.
class Deltas {
 public:
  explicit Deltas(const Context& context)
      : json_(context.json()),
        on_terminal_(json_ ? context.terminal.stderr_is_tty : context.terminal.stdout_is_tty) {}

  bool show(std::string_view delta) {
    shown_ = shown_ || !delta.empty();
    return write(on_terminal_ ? printable_lines(delta) : std::string(delta));
  }
  // What comes next begins a line.
  void end() {
    if (shown_) write("\n");
  }

 private:
  bool write(std::string_view text) const {
    if (!json_) return write_stdout(text) && !reader_has_gone();
    write_stderr(text);
    return true;
  }

  bool json_, on_terminal_;
  bool shown_ = false;
};

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
  Deltas deltas(context);
  if (flags.has("stream")) {
    request.on_delta = [&deltas](std::string_view delta) { return deltas.show(delta); };
  }
  const auto report = app::run_task(context.services, context.environment, *layout, request);
  deltas.end();
  if (!report.ok()) return refusal(context, report.error());
  Outcome outcome;
  for (const std::string& warning : report->warnings) {
    outcome.diagnostics += cat("cortex run: ", warning, "\n");
  }
  json::Value document = app::to_json(*report);
  if (!context.json()) {
    outcome.text = json::write_pretty(document) + "\n";
    if (context.terminal.stdout_is_tty) outcome.text = printable_lines(outcome.text);
  }
  outcome.report = json::sorted(std::move(document));
  return outcome;
}

}  // namespace cortex::cli
