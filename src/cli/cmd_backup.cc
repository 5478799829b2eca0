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

namespace {

using Rendered = Result<Outcome>;

Rendered run_full(const Context& context, const app::BackupRequest& request,
                  ledger::ChainReport& chain) {
  CORTEX_ASSIGN(const auto report, app::backup(context.services, request, chain));
  return Outcome{
      .text = text_of(report), .diagnostics = notes_of(report), .report = to_json(report)};
}

Rendered run_sealed(const Context& context, const app::BackupRequest& request,
                    ledger::ChainReport& chain) {
  CORTEX_ASSIGN(const auto report, app::sealed_backup(context.services, request,
                                                      context.invocation.all("encrypt-to"), chain));
  std::string text = text_of(report.plain);
  text +=
      cat("encrypted for ", counted(report.recipients, "recipient"), ": ",
          counted(report.members.size(), "file"), ", readable by `age` with one of their keys\n");
  return Outcome{
      .text = std::move(text), .diagnostics = notes_of(report.plain), .report = to_json(report)};
}

Rendered run_increment(const Context& context, const app::BackupRequest& request) {
  CORTEX_ASSIGN(const auto report, app::incremental_backup(context.services, request,
                                                           context.invocation.value("since")));
  const bundle::Increment& increment = report.increment;
  return Outcome{
      .text = cat("cortex backup: incremental bundle = ", report.bundle_dir, "\n", "since         ",
                  report.parent, "\nnew rows      ", with_thousands(report.new_rows), " of ",
                  with_thousands(report.ledger_rows), "\nnew pages     ",
                  with_thousands(increment.pages_changed), " of ",
                  with_thousands(increment.pages_total), "\nsize          ",
                  human_bytes(report.size_bytes), " for a bundle of ",
                  human_bytes(report.full_size_bytes), "\nverification  ",
                  report.verified ? "verified: with its parents it gives the full bundle"
                                  : "not performed (--no-verify)",
                  "\n"),
      .report = to_json(report)};
}

}  // namespace

Outcome run_backup(const Context& context) {
  const Invocation& flags = context.invocation;
  const std::string output = output_of(context);
  if (output.empty()) {
    return failed(
        context,
        make_error(Code::kUsage, "neither --output nor --to was given", "no state was changed",
                   "name the bundle with --output, or the folder for it with --to"),
        failure_report(output));
  }
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error(), failure_report(output));
  ledger::ChainReport chain;
  Rendered outcome = [&]() -> Rendered {
    ProgressLine line(context.terminal);
    const app::BackupRequest request{*layout, output, !flags.has("no-verify"), line.progress()};
    if (flags.has("since")) return run_increment(context, request);
    return flags.has("encrypt-to") ? run_sealed(context, request, chain)
                                   : run_full(context, request, chain);
  }();
  if (outcome.ok()) return std::move(outcome).value();
  Outcome refused = failed(context, outcome.error(), failure_report(output));
  refused.diagnostics.insert(0, failure_lines(chain));
  return refused;
}

}  // namespace cortex::cli
