#include <utility>

#include "app/ingest.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

// A refused run appended nothing.
json::Value failure_report(const Error& error) {
  return json::Object{{"appended", json::Array{}}, {"appended_count", 0}, {"detail", error.text()},
                      {"skipped", json::Array{}},  {"skipped_count", 0},  {"status", "error"}};
}

std::string text_of(const app::IngestReport& report) {
  std::string out;
  for (const std::string& id : report.appended) out += cat("appended ", id, "\n");
  for (const std::string& id : report.skipped) out += cat("skipped  ", id, " (already in log)\n");
  out += cat("appended_count = ", report.appended.size(), "\n");
  out += cat("skipped_count  = ", report.skipped.size(), "\n");
  if (!report.attested.empty()) {
    out += cat("attested_user_count = ", report.attested.size(), "\n");
  }
  out += cat("chain_head     = ", report.chain_head ? *report.chain_head : "<empty>", "\n");
  return out;
}

std::string notes_of(const app::IngestReport& report, bool mirror_wanted) {
  std::string out;
  if (report.torn_tail) {
    out += cat("note: a torn last row (", report.torn_tail->size_bytes, " bytes at byte ",
               report.torn_tail->offset, ") was moved to ",
               quoted(report.torn_tail->evidence_path, 1000), " before appending\n");
  }
  if (!report.unstable.empty()) {
    out += cat("note: ", report.unstable.size(), " events hold numbers that other readers may not ",
               "read back exactly, the first one is ", report.unstable.front(), "\n");
  }
  if (!report.ledger_note.empty()) {
    out += cat("warning: ", report.ledger_note, "; see `cortex audit verify`\n");
  }
  if (!report.tree_note.empty()) out += cat("note: ", report.tree_note, "\n");
  if (mirror_wanted && !report.mirrored) out += cat("note: ", report.mirror_note, "\n");
  return out;
}

}  // namespace

Outcome run_ingest(const Context& context) {
  auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error(), failure_report(layout.error()));
  if (auto seed = context.invocation.optional("sign")) layout->signing_seed = std::move(seed);
  const bool mirror = !context.invocation.has("no-mirror");
  const auto report = app::ingest(
      context.services, {.session = context.invocation.value("session"),
                         .layout = *layout,
                         .mirror = mirror,
                         .user_attestation = context.invocation.optional("user-attestation"),
                         .tree = !context.invocation.has("no-tree"),
                         .row_hash = context.invocation.has("row-hash")});
  if (!report.ok()) return failed(context, report.error(), failure_report(report.error()));
  return {.text = context.json() ? "" : text_of(*report),
          .diagnostics = notes_of(*report, mirror),
          .report = context.json() ? to_json(*report) : json::Value()};
}

}  // namespace cortex::cli
