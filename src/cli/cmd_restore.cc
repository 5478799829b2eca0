#include "app/backup.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/progress_line.h"

namespace cortex::cli {

// The report is the output, with and without --json.
Outcome run_verify_backup(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto report = [&] {
    ProgressLine line(context.terminal);
    return app::verify_backup(context.services, flags.value("manifest"), flags.has("deep"),
                              line.progress());
  }();
  if (!report.ok()) return failed(context, report.error());
  Outcome outcome;
  outcome.text = json::write_pretty(to_json(*report)) + "\n";
  outcome.diagnostics = cat(
      "cortex restore verify-backup: the bundle is what its manifest says",
      report->content ? " and its content is sound" : "",
      ". No restore was performed: destructive restore/cutover is not implemented here, no state "
      "was changed.\n");
  return outcome;
}

}  // namespace cortex::cli
