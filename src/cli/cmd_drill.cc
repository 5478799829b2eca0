#include <unistd.h>

#include <charconv>

#include "app/ledger_drill.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

// The parser has checked that it is a count.
std::uint64_t count_of(const std::optional<std::string>& text, std::uint64_t otherwise) {
  std::uint64_t count = otherwise;
  if (text) static_cast<void>(std::from_chars(text->data(), text->data() + text->size(), count));
  return count;
}

}  // namespace

Outcome run_ledger_drill(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  app::DrillRequest request;
  request.layout = *layout;
  request.iteration = count_of(flags.optional("iteration"), 1);
  request.report_path = flags.value("report-json");
  request.kill_ready_path = flags.optional("kill-ready-file");
  request.wait_millis = count_of(flags.optional("wait-for-sigkill-ms"), request.wait_millis);
  request.recover_only = flags.has("recover-only");
  request.external_sigkill_proof = flags.has("external-sigkill-proof");
  request.process_id = ::getpid();
  const auto report = app::run_drill(context.services, request);
  if (!report.ok()) return failed(context, report.error());
  Outcome outcome;
  outcome.report = to_json(*report);
  if (report->holds()) return outcome;
  Error error = make_error(Code::kIntegrity, "the drill found something that recovery must not do");
  error.unchanged = "ledger and store are as the drill left them";
  error.next = cat("see the report ", quoted(request.report_path));
  outcome.code = error.code;
  outcome.diagnostics = error_line(flags.command->path, error);
  return outcome;
}

}  // namespace cortex::cli
