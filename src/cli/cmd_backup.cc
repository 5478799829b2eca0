#include "app/backup.h"
#include "base/text.h"
#include "cli/chain_failures.h"
#include "cli/handlers.h"
#include "cli/progress_line.h"

namespace cortex::cli {
namespace {

std::string text_of(const bundle::BackupReport& report) {
  const bundle::Manifest& manifest = report.manifest;
  std::string out = cat("cortex backup: local offline bundle = ", report.bundle_dir, "\n");
  out += cat("cortex backup: manifest = ", report.manifest_path, "\n");
  out += cat("copied JSONL audit = verified (", counted(manifest.ledger_rows, "row"), ", ",
             human_bytes(manifest.ledger.size_bytes + manifest.store.size_bytes), ")\n");
  if (report.verification) {
    const store::MirrorComparison& mirror = report.verification->mirror;
    out += cat("bundle verification = verified (read back: digests, chain, integrity, ",
               counted(mirror.equal, "row"), " mirrored, ", mirror.lagging, " lagging)\n");
  } else {
    out += "bundle verification = not performed (--no-verify)\n";
  }
  out += "restore verification was not performed: no restore drill was run\n";
  return out;
}

std::string notes_of(const bundle::BackupReport& report) {
  std::string out;
  if (report.torn_bytes_left_out > 0) {
    out += cat("note: the last ", report.torn_bytes_left_out,
               " bytes of the ledger are a torn row and were left out\n");
  }
  if (!report.verification) return out;
  const store::MirrorComparison& mirror = report.verification->mirror;
  if (mirror.differing > 0 || mirror.foreign > 0) {
    out += cat("note: in the store ", mirror.differing, " rows differ from the ledger and ",
               mirror.foreign, " are not in it; `cortex doctor --strict --deep` says more\n");
  }
  return out;
}

json::Value failure_report(const std::string& output) {
  return json::Object{{"bundle_dir", output}, {"status", "error"}};
}

// --output, or a name with the time in the folder --to.
std::string output_of(const Context& context) {
  const Invocation& flags = context.invocation;
  if (const auto output = flags.optional("output")) return *output;
  const auto folder = flags.optional("to");
  return folder ? app::timestamped_bundle(context.services, *folder) : std::string();
}

}  // namespace

Outcome run_backup(const Context& context) {
  const Invocation& flags = context.invocation;
  const std::string output = output_of(context);
  if (output.empty()) {
    return failed(context,
                  make_error(Code::kUsage, "neither --output nor --to was given",
                             "no state was changed", "name the bundle, or the folder for it"),
                  failure_report(output));
  }
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error(), failure_report(output));
  ledger::ChainReport chain;
  Result<bundle::BackupReport> report = [&] {
    ProgressLine line(context.terminal);
    return app::backup(context.services,
                       {*layout, output, !flags.has("no-verify"), line.progress()}, chain);
  }();
  if (!report.ok()) {
    Outcome outcome = failed(context, report.error(), failure_report(output));
    outcome.diagnostics.insert(0, failure_lines(chain));
    return outcome;
  }
  return {.text = text_of(*report), .diagnostics = notes_of(*report), .report = to_json(*report)};
}

}  // namespace cortex::cli
