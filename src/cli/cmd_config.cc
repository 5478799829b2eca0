#include "app/config.h"
#include "app/config_sources.h"
#include "base/text.h"
#include "cli/completions.h"
#include "cli/handlers.h"

namespace cortex::cli {

Outcome run_print_config(const Context& context) {
  const auto report = context.json()
                          ? app::extended_config_report(context.environment, context.services.fs)
                          : app::config_report(context.environment, context.services.fs);
  if (!report.ok()) {
    return {.code = report.error().code,
            .text = "",
            .diagnostics = error_line("--print-config", report.error())};
  }
  return {.text = json::write_pretty(*report) + "\n", .diagnostics = ""};
}

// A script cannot be an envelope: with --json the command refuses.
Outcome run_completions(const Context& context) {
  const std::string shell = context.invocation.value("shell");
  if (context.json()) {
    Error error =
        make_error(Code::kUsage, "completions print a shell script, which has no JSON form");
    error.next = cat("run `cortex completions ", shell, "` without --json");
    return failed(context, error, json::Object{{"shell", shell}, {"reason", error.message}});
  }
  return {.text = completion_script(shell).value_or(""), .diagnostics = ""};
}

}  // namespace cortex::cli
