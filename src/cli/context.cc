#include "cli/context.h"

#include <utility>

#include "base/text.h"

namespace cortex::cli {

Result<app::Layout> Context::layout() const {
  return app::find_layout(environment, services.fs, invocation.optional("db"),
                          invocation.optional("event-log"));
}

Result<memory::GatePolicy> Context::write_gate() const {
  return app::write_gate(environment, services.fs);
}

std::string error_line(std::string_view command, const Error& error) {
  std::string line = cat("cortex ", command, ": ");
  if (!error.token.empty() && !error.token.starts_with("sqlite.")) line += cat(error.token, ": ");
  return cat(line, error.text(), "\n");
}

Outcome failed(const Context& context, const Error& error, json::Value report) {
  return {.code = error.code,
          .text = "",
          .diagnostics = error_line(context.invocation.command->path, error),
          .report = std::move(report)};
}

}  // namespace cortex::cli
