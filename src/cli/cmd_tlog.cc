#include "app/checkpoint.h"
#include "app/tree_proof.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

std::optional<std::string> optional_value(const Invocation& flags, std::string_view name) {
  if (!flags.has(name)) return std::nullopt;
  return flags.value(name);
}

std::string text_of(const app::CheckpointReport& report) {
  std::string out;
  if (report.accepted) {
    out += cat("audit checkpoint: ", report.ledger_path, " is accepted as it is (", report.rows,
               " rows)\n");
  }
  if (report.set_aside) {
    out +=
        cat("the tree of the ledger before was moved to ", quoted(*report.set_aside, 1000), "\n");
  }
  if (!report.is_signed) return out;
  out += report.note;
  return out;
}

std::string notes_of(const app::CheckpointReport& report) {
  std::string out;
  if (report.is_signed) out += cat("note: verifier key ", report.verifier_key, "\n");
  if (!report.key_warning.empty()) out += cat("note: ", report.key_warning, "\n");
  return out;
}

}  // namespace

Outcome run_audit_checkpoint(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report =
      app::audit_checkpoint(context.services, {.layout = *layout,
                                               .key_path = optional_value(flags, "key"),
                                               .origin = optional_value(flags, "origin"),
                                               .output = optional_value(flags, "output"),
                                               .reset = flags.has("reset")});
  if (!report.ok()) return failed(context, report.error());
  return {.text = text_of(*report), .diagnostics = notes_of(*report), .report = to_json(*report)};
}

Outcome run_audit_prove(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report =
      app::audit_prove(context.services, {.layout = *layout,
                                          .event_id = flags.value("event"),
                                          .output = optional_value(flags, "output")});
  if (!report.ok()) return failed(context, report.error());
  std::string text = report->proof;
  if (flags.has("output")) {
    text = cat("audit prove: ", report->event_id, " is row ", report->row, " of ",
               report->checkpoint_rows, " of ", printable(report->origin), "\n");
  }
  return {.text = std::move(text), .diagnostics = "", .report = to_json(*report)};
}

Outcome run_check_proof(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto report = app::check_proof(context.services, {.file = flags.value("file"),
                                                          .key_path = flags.value("key"),
                                                          .row = optional_value(flags, "row")});
  if (!report.ok()) return failed(context, report.error());
  return {.text = cat("audit check-proof: ", report->event_id, " is row ", report->row, " of ",
                      report->checkpoint_rows, " of ", printable(report->origin), "\n"),
          .diagnostics = "",
          .report = to_json(*report)};
}

}  // namespace cortex::cli
