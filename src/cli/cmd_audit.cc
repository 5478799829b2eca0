#include "app/audit.h"
#include "base/text.h"
#include "cli/chain_failures.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

void append_votes(std::string& out, std::string_view label,
                  const std::vector<trust::Contribution>& votes) {
  for (const trust::Contribution& vote : votes) {
    out += cat("audit verify: ", label, "=", vote.rule_id,
               " outcome=", trust::outcome_name(vote.outcome), " reason=", printable(vote.reason),
               "\n");
  }
}

// What rules and proof say, one line each: callers match on these.
std::string details(const app::VerifyReport& report) {
  std::string out;
  if (report.chain) out += failure_lines(*report.chain);
  out += cat("audit verify: policy_outcome=", trust::outcome_name(report.decision.final_outcome),
             "\n");
  append_votes(out, "policy_contributing", report.decision.contributing);
  append_votes(out, "policy_discarded", report.decision.discarded);
  out += cat("audit verify: invariant=audit.verify.proof_closure.composed_report proof_state=",
             trust::proof_state_name(report.closure.state()), "\n");
  for (const trust::FailingEdge& edge : report.closure.failing) {
    out += cat("audit verify: failing_edge kind=", trust::edge_kind_name(edge.kind),
               " from=", edge.from_ref, " to=", edge.to_ref,
               " failure=", trust::edge_failure_token(edge.failure),
               " reason=", printable(edge.reason), "\n");
  }
  return out;
}

// The one sentence for a run that did not end well.
Error verdict(const app::VerifyReport& report) {
  Error error = make_error(report.code, "");
  error.unchanged = "nothing was changed";
  if (report.unreadable) {
    error = *report.unreadable;
  } else if (report.code == Code::kSchema) {
    error.message = report.boundary_failures->front();
    error.next = "migrate the ledger, or leave out --require-v1-to-v2-boundary";
  } else if (!report.chain->closed()) {
    error.message = cat(
        "the ledger is not what was written: ", counted(report.chain->failures_total, "failure"),
        " in ", counted(report.chain->rows, "row"), ", the first one in row ",
        report.chain->failures.front().line, " (", report.chain->failures.front().event_id, ")");
    error.next = "compare with the ledger of your last backup";
  } else {
    error.message =
        cat("the ledger holds ", counted(report.chain->duplicates.total, "repeated event id"),
            " (--strict)");
    error.next = "see them with --json";
  }
  return error;
}

}  // namespace

Outcome run_audit_verify(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const app::VerifyReport report = app::audit_verify(
      context.services, {.layout = *layout,
                         .require_boundary = flags.has("require-v1-to-v2-boundary"),
                         .strict = flags.has("strict")});
  Outcome outcome;
  outcome.code = report.code;
  outcome.report = to_json(report);
  outcome.policy_outcome = json::sorted(trust::to_json(report.decision));
  if (report.chain && report.code == Code::kOk) {
    outcome.text = cat("audit verify: ", report.path, " (", report.chain->rows, " rows scanned, ",
                       report.chain->failures_total, " failures)\n");
  }
  if (!context.json()) outcome.diagnostics = details(report);
  if (report.code != Code::kOk) {
    outcome.diagnostics += error_line(flags.command->path, verdict(report));
  }
  return outcome;
}

Outcome run_repair_tail(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report = app::repair_tail(context.services, *layout, context.invocation.has("apply"));
  if (!report.ok()) return failed(context, report.error());
  std::string text =
      cat("audit repair-tail: ", layout->event_log_path, " ends with a complete row\n");
  if (report->torn) {
    text = cat("audit repair-tail: ", report->torn->size_bytes, " bytes from byte ",
               report->torn->offset, " on are no complete rows: ", report->what, "\n");
    text += report->applied ? cat("moved to ", quoted(report->torn->evidence_path, 1000), "\n")
                            : std::string(
                                  "nothing was changed; run it with --apply to move them to a file "
                                  "beside the ledger\n");
  }
  return {.text = std::move(text), .diagnostics = "", .report = to_json(*report)};
}

}  // namespace cortex::cli
