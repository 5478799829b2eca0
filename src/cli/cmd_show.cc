#include "app/look.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/style.h"

namespace cortex::cli {
namespace {

// On a terminal nothing in the record may steer it; behind a pipe the bytes stay as they are.
std::string record_text(const json::Value& record, bool on_terminal) {
  const std::string text = json::write_pretty(record) + "\n";
  return on_terminal ? printable_lines(text) : text;
}

}  // namespace

Outcome run_show(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto shown = app::show(context.services, *layout, context.invocation.value("id"));
  if (!shown.ok()) return failed(context, shown.error());
  return {.text = cat(shown->kind, " ", shown->id, "\n",
                      record_text(shown->record, context.terminal.stdout_is_tty)),
          .diagnostics = "",
          .report = to_json(*shown)};
}

}  // namespace cortex::cli
