#include "app/audit.h"
#include "app/block_headers.h"
#include "app/config.h"
#include "app/repair_tail.h"
#include "base/text.h"
#include "cli/chain_failures.h"
#include "cli/evidence_flags.h"
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
    out +=
        cat("audit verify: invariant=audit.verify.proof_closure.composed_report failing_edge kind=",
            trust::edge_kind_name(edge.kind), " from=", edge.from_ref,
            " failure=", trust::edge_failure_name(edge.failure), " to=", edge.to_ref,
            " reason=", printable(edge.reason), "\n");
  }
  return out;
}

// What sections say beside their verdicts, in both modes: callers match on these too.
std::string notes(const app::VerifyReport& report) {
  std::string out;
  for (const std::string& note : report.notes) {
    out += cat("audit verify: ", printable(note), "\n");
  }
  return out;
}

// One line for the rows and one for what each section found in them.
std::string results(const app::VerifyReport& report) {
  std::string out = cat("audit verify: ", report.path, " (", report.chain->rows, " rows scanned, ",
                        report.chain->failures_total, " failures)\n");
  for (const std::string& line : report.results) {
    out += cat("audit verify: ", report.path, " ", printable(line), "\n");
  }
  return out;
}

app::VerifyRequest request_of(const Context& context, app::Layout layout) {
  const Invocation& flags = context.invocation;
  app::VerifyRequest request;
  request.layout = std::move(layout);
  request.require_boundary = flags.has("require-v1-to-v2-boundary");
  request.mirror = flags.has("mirror");
  request.strict = flags.has("strict");
  if (flags.has("since")) request.since = flags.value("since");
  if (flags.has("checkpoint-key")) request.checkpoint_key = flags.value("checkpoint-key");
  request.against = flags.optional("against");
  request.against_history = flags.optional("against-history");
  request.against_external = flags.optional("against-external");
  request.witness_key_registry = flags.optional("witness-key-registry");
  request.bitcoin_header = flags.optional("bitcoin-header");
  request.trusted_root_path = trusted_root_path(context);
  request.live = timestamps_live(context);
  request.header_providers =
      app::header_providers(context.environment.get("CORTEX_OTS_BTC_HEADER_PROVIDERS"));
  request.signed_rows = flags.has("signed");
  request.verification_key = flags.optional("verification-key");
  request.attestation = flags.optional("attestation");
  request.attestation_keys = flags.all("attestations");
  request.ledger_id = flags.optional("ledger-id");
  if (!flags.has("db")) {
    auto usual = app::find_layout(context.environment, context.services.fs, {}, {});
    if (usual.ok()) request.default_db = std::move(usual->db_path);
  }
  return request;
}

}  // namespace

Outcome run_audit_verify(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const app::VerifyReport report =
      app::audit_verify(context.services, request_of(context, *layout));
  Outcome outcome;
  outcome.code = report.code;
  outcome.report = to_json(report);
  outcome.policy_outcome = json::sorted(trust::to_json(report.decision));
  if (report.chain) outcome.text = results(report);
  if (!context.json()) outcome.diagnostics = details(report);
  outcome.diagnostics += notes(report);
  if (report.error) outcome.diagnostics += error_line(flags.command->path, *report.error);
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
