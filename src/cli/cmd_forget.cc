#include "app/memory_erase.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

std::string text_of(const app::EraseReport& report) {
  std::string text =
      cat("memory forget: ", report.memory_id, " was erased (erasure ", report.erasure,
          ")\n  ledger: ", report.rows,
          " rows rewritten, their hashes stay\n  store:  ", report.values, " values\n");
  for (const std::string& id : report.memories) {
    if (id != report.memory_id) text += cat("  it stood in ", id, ", too\n");
  }
  return text;
}

std::string notes_of(const app::EraseReport& report) {
  std::string notes;
  for (const std::string& path : report.remaining) {
    notes += cat("warning: ", quoted(path, 1000), " still holds the text; remove it yourself\n");
  }
  return cat(notes, "note: bundles made before hold the text; make a new one and remove them\n");
}

}  // namespace

Outcome run_memory_forget(const Context& context) {
  const Invocation& flags = context.invocation;
  if (!flags.has("erase")) {
    return failed(
        context,
        make_error(Code::kUsage, "to forget is to erase for good, and --erase was not given",
                   "nothing was changed",
                   "give --erase, or take it out of use with `cortex memory reject`, which "
                   "keeps the text"));
  }
  app::EraseRequest request;
  request.memory_id = flags.value("id");
  request.confirm = flags.value("confirm");
  request.reason = flags.value("reason");
  auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  request.layout = *std::move(layout);
  const auto policy = context.write_gate();
  if (!policy.ok()) return failed(context, policy.error());
  request.policy = *policy;
  const auto report = app::erase_memory(context.services, request);
  if (!report.ok()) return failed(context, report.error());
  return {.text = text_of(*report), .diagnostics = notes_of(*report), .report = to_json(*report)};
}

}  // namespace cortex::cli
