#include "app/backup.h"
#include "app/restore_look.h"
#include "app/restore_stage.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/progress_line.h"

namespace cortex::cli {
namespace {

// The report is the output of these commands, with and without --json.
std::string report_text(const json::Value& report) { return json::write_pretty(report) + "\n"; }

}  // namespace

Outcome run_verify_backup(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto report = [&] {
    ProgressLine line(context.terminal);
    return app::verify_backup(context.services, flags.value("manifest"), flags.has("deep"),
                              line.progress());
  }();
  if (!report.ok()) return failed(context, report.error());
  Outcome outcome;
  outcome.text = report_text(to_json(*report));
  outcome.diagnostics = cat(
      "cortex restore verify-backup: the bundle is what its manifest says",
      report->content ? " and its content is sound" : "",
      ". No restore was performed: destructive restore/cutover is not implemented here, no state "
      "was changed.\n");
  return outcome;
}

Outcome run_restore_snapshot(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto snapshot =
      app::restore_snapshot(context.services, *layout, context.invocation.optional("store"));
  if (!snapshot.ok()) return failed(context, snapshot.error());
  return {.text = report_text(to_json(*snapshot))};
}

Outcome run_semantic_diff(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto diff = app::semantic_diff(
      context.services, {flags.optional("current"), flags.optional("current-store")},
      {flags.optional("restored"), flags.optional("restored-store")},
      flags.has("acknowledge-recovery-risk"));
  if (!diff.ok()) return failed(context, diff.error());
  return {.code = diff->allows() ? Code::kOk : Code::kPrecondition,
          .text = report_text(app::semantic_diff_report(*diff))};
}

Outcome run_post_migrate_manifest(const Context& context) {
  const auto report =
      app::verify_post_migrate_manifest(context.services, context.invocation.value("manifest"));
  Outcome outcome;
  outcome.report = to_json(report);
  if (report.error) {
    outcome.code = report.error->code;
    outcome.diagnostics = error_line(context.invocation.command->path, *report.error);
  } else {
    outcome.diagnostics =
        "cortex restore verify-post-migrate-manifest: BLAKE3 digest verified, no state was "
        "changed\n";
  }
  return outcome;
}

Outcome run_restore_preflight(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report = [&] {
    ProgressLine line(context.terminal);
    return app::restore_preflight(context.services, context.environment,
                                  {.layout = *layout,
                                   .manifest = flags.value("manifest"),
                                   .current_store = flags.optional("current-store"),
                                   .candidate_store = flags.optional("candidate-store"),
                                   .acknowledged = flags.has("acknowledge-recovery-risk"),
                                   .production_plan = flags.has("production-active-store-plan"),
                                   .lock_marker = flags.optional("active-store-lock-marker")},
                                  line.progress());
  }();
  if (!report.ok()) return failed(context, report.error());
  std::string line = "cortex restore preflight: ";
  if (report->probe) line += "production active-store restore plan is blocked in a preflight; ";
  line += cat(report->diff_allows() ? "the candidate can be restored"
                                    : "nothing was compared, or accepted state would be lost",
              "; no state was changed\n");
  return {.code = report->code(), .text = report_text(to_json(*report)), .diagnostics = line};
}

Outcome run_restore_stage(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report = [&] {
    ProgressLine line(context.terminal);
    return app::restore_stage(
        context.services,
        {.layout = *layout,
         .manifest = flags.value("manifest"),
         .stage_dir = flags.value("stage-dir"),
         .current_store = flags.optional("current-store"),
         .acknowledged_destruction = flags.has("acknowledge-destructive-restore"),
         .acknowledged_risk = flags.has("acknowledge-recovery-risk"),
         .process_id = context.environment.process_id},
        line.progress());
  }();
  if (!report.ok()) return failed(context, report.error());
  Outcome outcome{.text = report_text(to_json(*report))};
  if (report->staged()) {
    outcome.diagnostics = cat("cortex restore stage: the stage ", quoted(report->stage_dir),
                              " is complete; the active store was not changed\n");
    return outcome;
  }
  outcome.code = Code::kPrecondition;
  outcome.diagnostics =
      cat("cortex restore stage: the bundle lacks accepted state of the active store (",
          report->diff.blocked, " of ", counted(report->diff.changes.size(), "change"),
          " block); nothing was staged, the active store was not changed. Next: read the report, "
          "then run again with --acknowledge-recovery-risk if the loss is meant.\n");
  return outcome;
}

}  // namespace cortex::cli
