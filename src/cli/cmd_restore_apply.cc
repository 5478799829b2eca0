#include "app/restore_apply.h"
#include "app/restore_run.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/handlers.h"
#include "cli/progress_line.h"

namespace cortex::cli {

Outcome run_apply_stage(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report = [&] {
    ProgressLine line(context.terminal);
    return app::apply_stage(
        context.services, context.environment,
        {.layout = *layout,
         .manifest = flags.value("manifest"),
         .stage_dir = flags.value("stage-dir"),
         .acknowledged_replacement = flags.has("acknowledge-active-store-replacement"),
         .acknowledged_temporary = flags.has("acknowledge-temp-test-data-dir"),
         .acknowledged_risk = flags.has("acknowledge-recovery-risk"),
         .anchors = {flags.optional("post-restore-anchor"),
                     flags.optional("post-restore-anchor-history")}},
        line.progress());
  }();
  if (!report.ok()) return failed(context, report.error());
  return {.text = json::write_pretty(to_json(*report)) + "\n",
          .diagnostics = cat("cortex restore apply-stage: the active store was mutated: it is the "
                             "bundle's now, verified in place; the files from before are in ",
                             quoted(report->evidence_folder), "\n")};
}

Outcome run_recover_apply(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report =
      app::recover_apply(context.services, context.environment,
                         {.layout = *layout,
                          .manifest = flags.value("manifest"),
                          .acknowledged_restore = flags.has("acknowledge-current-backup-restore"),
                          .acknowledged_temporary = flags.has("acknowledge-temp-test-data-dir"),
                          .attestation = flags.optional("attestation"),
                          .manifest_signature = flags.optional("manifest-signature"),
                          .operator_key = flags.optional("operator-verification-key")});
  if (!report.ok()) return failed(context, report.error());
  return {.text = json::write_pretty(to_json(*report)) + "\n",
          .diagnostics =
              "cortex restore recover-apply: current backups restored and verified in "
              "place; the active store was mutated\n"};
}

namespace {

std::string run_text(const app::RestoreRunReport& report) {
  const auto& artifacts = report.bundle.artifacts;
  std::string out =
      cat("bundle      ", report.bundle_dir, " of ", report.bundle.manifest.backup_timestamp, ": ",
          counted(report.bundle.content ? report.bundle.content->ledger_rows : 0, "ledger row"),
          ", ", human_bytes(artifacts[0].digest.size_bytes + artifacts[1].digest.size_bytes),
          ", every byte verified\n");
  if (!report.current_problem.empty()) {
    out += cat("now         cannot be read: ", report.current_problem, "\n");
  }
  if (report.loss) {
    out += cat("ledger      ", counted(report.loss->ledger.rows_lost(), "row"), " would be lost, ",
               with_thousands(report.loss->ledger.common_rows), " are common\n");
    for (const auto& [table, counts] : report.loss->tables) {
      out += cat("table       ", table, ": ", with_thousands(counts.current), " -> ",
                 with_thousands(counts.candidate), "\n");
    }
  }
  if (report.diff) {
    out += cat("meaning     ", counted(report.diff->changes.size(), "change"), ", ",
               with_thousands(report.diff->blocked), " of them a loss\n");
  }
  if (report.restored) {
    out += cat("restored    and verified in place: ", counted(report.ledger_rows, "ledger row"),
               "\nkept        the files from before, in ", report.evidence_folder, "\n");
    if (!report.recorded_event.empty()) {
      out += cat("recorded    in the ledger as ", report.recorded_event, "\n");
    }
  } else {
    out += "changed     nothing\n";
  }
  return out;
}

}  // namespace

Outcome run_restore_run(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report = [&] {
    ProgressLine line(context.terminal);
    return app::restore_run(context.services, context.environment,
                            {.layout = *layout,
                             .bundle_dir = flags.value("from"),
                             .identity_file = flags.optional("identity"),
                             .dry_run = flags.has("dry-run"),
                             .acknowledged_risk = flags.has("acknowledge-recovery-risk"),
                             .client = cat("cortex-cli ", version())},
                            line.progress());
  }();
  if (!report.ok()) return failed(context, report.error());
  Outcome outcome{.text = run_text(*report), .diagnostics = "", .report = to_json(*report)};
  if (!report->note.empty()) outcome.diagnostics = cat("note: ", report->note, "\n");
  if (report->blocked()) {
    outcome.code = Code::kPrecondition;
    // What cannot be read cannot be backed up either.
    const bool is_readable = report->current_problem.empty();
    outcome.diagnostics +=
        cat("cortex restore run: ",
            is_readable ? "the bundle does not hold everything that is there now"
                        : "what is there now cannot be read, so nobody can tell what would be lost",
            "; the active store was not changed. Next: ",
            is_readable ? "back up what is there" : "copy the data folder elsewhere",
            ", then run again with --acknowledge-recovery-risk.\n");
  }
  return outcome;
}

Outcome run_restore_resume(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report =
      app::restore_resume(context.services, *layout, context.invocation.has("undo"));
  if (!report.ok()) return failed(context, report.error());
  Outcome outcome{.report = to_json(*report)};
  if (!report->stale_marker.empty()) {
    outcome.diagnostics =
        cat("note: the lock marker of a dead restore is now ", quoted(report->stale_marker), "\n");
  }
  if (!report->was_unfinished) {
    outcome.text = "cortex restore resume: no restore is unfinished\n";
  } else if (report->outcome == "completed") {
    outcome.text = cat("cortex restore resume: completed and verified in place, ",
                       counted(report->ledger_rows, "ledger row"), "\n");
  } else {
    outcome.text =
        "cortex restore resume: rolled back, store and ledger are those from before the restore\n";
    if (!report->reason.empty()) {
      outcome.diagnostics += cat("note: it could not be finished: ", report->reason, "\n");
    }
  }
  return outcome;
}

}  // namespace cortex::cli
