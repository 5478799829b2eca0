#include "app/upgrade_receipts.h"
#include "base/text.h"
#include "cli/evidence_flags.h"
#include "cli/handlers.h"

namespace cortex::cli {

Outcome run_upgrade_receipts(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report =
      app::upgrade_receipts(context.services, {.layout = *layout,
                                               .receipts_path = flags.value("receipts"),
                                               .output_path = flags.value("output"),
                                               .live = timestamps_live(context)});
  if (!report.ok()) return failed(context, report.error());
  Outcome outcome;
  outcome.report = to_json(*report);
  outcome.text = cat("audit upgrade-receipts: ", counted(report->receipts, "receipt"), ", ",
                     report->upgraded, " upgraded, ", report->still_pending, " still pending\n");
  if (report->upgraded == 0) outcome.text += "nothing was written\n";
  for (const std::string& note : report->notes) {
    outcome.diagnostics += cat("note: ", printable(note), "\n");
  }
  return outcome;
}

}  // namespace cortex::cli
