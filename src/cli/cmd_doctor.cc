#include "app/doctor.h"
#include "app/rebuild.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

json::Value status_report(std::string_view status, std::string_view detail) {
  return json::Object{{"status", status}, {"detail", detail}};
}

Outcome no_mode(const Context& context) {
  Error error = make_error(Code::kUsage,
                           "say what to do: --strict, --repair or "
                           "--print-deployment-id");
  error.unchanged = "nothing was changed";
  error.next = "`cortex doctor --strict` checks, `cortex help doctor` tells more";
  return failed(context, error, status_report("usage", error.message));
}

Outcome strict(const Context& context, const app::Layout& layout) {
  const app::StrictReport report =
      app::doctor_strict(context.services, layout, context.invocation.has("deep"));
  Outcome outcome;
  outcome.code = report.code;
  outcome.report = to_json(report);
  if (report.code == Code::kOk) {
    outcome.text = cat("cortex doctor: ok: ", report.detail, "\n");
    return outcome;
  }
  for (const store::SchemaFailure& failure : report.schema_failures) {
    outcome.diagnostics += cat("  ", failure.text(), "\n");
  }
  for (const std::string& failure : report.failures) {
    outcome.diagnostics += cat("  ", failure, "\n");
  }
  Error error = make_error(report.code, report.detail);
  error.unchanged = "no state was changed";
  error.next = report.next;
  outcome.diagnostics += error_line("doctor", error);
  return outcome;
}

std::string repair_text(const app::DoctorRepairReport& report) {
  const std::size_t count = report.migrations.size();
  std::string out;
  if (report.dry_run) {
    out = cat("cortex doctor --repair --dry-run: ok: ", counted(count, "migration"),
              " would be applied, nothing was changed\n");
  } else if (count == 0) {
    out =
        "cortex doctor --repair: ok: the schema is up to date "
        "[invariant: doctor.repair.no_migrations_pending]\n";
  } else {
    out = cat("cortex doctor --repair: ok: ", counted(count, "migration"), " applied\n");
  }
  for (const std::string& name : report.migrations) out += cat("  - ", name, "\n");
  if (report.mirrored_rows > 0) {
    out += cat("the store now mirrors ", counted(report.mirrored_rows, "more ledger row"), "\n");
  }
  return out;
}

Outcome repair(const Context& context, const app::Layout& layout) {
  const auto report =
      app::doctor_repair(context.services, layout, context.invocation.has("dry-run"));
  if (!report.ok()) {
    return failed(context, report.error(),
                  status_report("precondition_unmet", report.error().text()));
  }
  Outcome outcome{.text = repair_text(*report), .diagnostics = "", .report = to_json(*report)};
  if (!report->mirror_note.empty()) outcome.diagnostics += cat("note: ", report->mirror_note, "\n");
  for (const store::SchemaFailure& failure : report->schema_failures) {
    outcome.diagnostics += cat("note: not mended: ", failure.text(), "\n");
  }
  return outcome;
}

std::string rebuild_text(const app::RebuildReport& report) {
  std::string out =
      cat("cortex doctor --repair --from-ledger: ok: ", counted(report.rows_from_ledger, "event"),
          " written from the ledger, ", report.rows_removed, " taken out\n");
  for (const store::TableComparison& table : report.tables) {
    if (table.holds()) continue;
    out += cat("  - ", table.table, ": ", counted(table.differing, "row"), " mended, ",
               table.missing, " added\n");
  }
  return cat(out, "the store as it was: ", report.copy_path, "\n");
}

std::string rebuild_notes(const app::RebuildReport& report) {
  std::string out;
  if (report.rows_kept > 0) {
    out += cat("note: ", counted(report.rows_kept, "event"),
               " that the ledger does not hold stay, because other rows refer to them\n");
  }
  if (report.operations.failed > 0) {
    out += cat("note: ", counted(report.operations.failed, "operation"),
               " could not be applied, the first one: ", printable(report.operations.first_failed),
               "\n");
  }
  return out;
}

Outcome rebuild(const Context& context, const app::Layout& layout) {
  const auto report = app::rebuild_from_ledger(context.services, layout);
  if (!report.ok()) {
    return failed(context, report.error(), status_report("error", report.error().text()));
  }
  return {.text = rebuild_text(*report),
          .diagnostics = rebuild_notes(*report),
          .report = to_json(*report)};
}

}  // namespace

Outcome run_doctor(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) {
    return failed(context, layout.error(),
                  status_report("precondition_unmet", layout.error().text()));
  }
  if (flags.has("strict") || flags.has("deep")) return strict(context, *layout);
  if (flags.has("from-ledger")) return rebuild(context, *layout);
  if (flags.has("repair")) return repair(context, *layout);
  if (!flags.has("print-deployment-id")) return no_mode(context);
  const app::DeploymentReport report = app::deployment(context.services, *layout);
  return {.text = report.deployment_id + "\n", .diagnostics = "", .report = to_json(report)};
}

}  // namespace cortex::cli
