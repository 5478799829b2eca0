#include "app/mcp_install.h"

#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {

Outcome run_mcp_install(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto report = app::mcp_install(context.services, context.environment,
                                       {.client = flags.value("client"),
                                        .project = flags.has("project"),
                                        .dry_run = flags.has("dry-run"),
                                        .config = flags.optional("config"),
                                        .command = flags.optional("command"),
                                        .db = flags.optional("db"),
                                        .event_log = flags.optional("event-log")});
  if (!report.ok()) return failed(context, report.error());
  const std::string path = printable(report->path);
  std::string text;
  if (!report->changed) {
    text = cat("mcp install: ", report->title, " has it already in ", path, "\n");
  } else if (report->dry_run) {
    text = cat("mcp install: ", report->existed ? "would change " : "would make ", path, "\n",
               report->text);
  } else {
    text = cat("mcp install: ", report->title, " starts cortex from now on, see ", path,
               "\n  restart the client, then ask it for the tools of cortex\n");
  }
  return {.text = std::move(text), .diagnostics = "", .report = to_json(*report)};
}

}  // namespace cortex::cli
