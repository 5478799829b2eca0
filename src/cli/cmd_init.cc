#include "app/init.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

std::string_view what(bool created) { return created ? " (created)" : " (exists)"; }

}  // namespace

Outcome run_init(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report =
      app::init(context.services, *layout, context.invocation.has("validate-perms"));
  if (!report.ok()) return failed(context, report.error());
  std::string text = cat("cortex init: data_dir = ", layout->data_dir, "\n");
  text += cat("cortex init: db        = ", layout->db_path, what(report->created_db), "\n");
  text += cat("cortex init: event_log = ", layout->event_log_path, what(report->created_event_log),
              "\n");
  return {.text = std::move(text), .diagnostics = "", .report = to_json(*report)};
}

}  // namespace cortex::cli
