#include "app/axiom.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

app::AxiomRequest request_of(const Invocation& invocation) {
  app::AxiomRequest request;
  request.file = invocation.optional("file");
  request.inline_json = invocation.optional("json");
  request.receipt = invocation.optional("receipt");
  request.context_trust = invocation.optional("cortex-context-trust");
  request.execution_trust = invocation.optional("axiom-execution-trust");
  request.feedback_loop = invocation.optional("authority-feedback-loop");
  request.lifecycle = invocation.optional("lifecycle").value_or("candidate_only");
  request.derived_from_quarantined = invocation.has("derived-from-quarantined");
  request.audience = invocation.optional("token-audience");
  request.claims = invocation.optional("claims");
  return request;
}

Outcome refusal(const Error& error) {
  json::Object report{
      {"command", "memory admit-axiom"}, {"decision", "error"}, {"detail", error.text()}};
  std::string line = cat("cortex memory admit-axiom: ", error.text());
  if (!error.token.empty()) {
    report.add("invariant", error.token);
    line += cat("; invariant=", error.token);
  }
  report.add("persisted", false);
  return {.code = error.code, .text = "", .diagnostics = line + "\n", .report = std::move(report)};
}

}  // namespace

Outcome run_admit_axiom(const Context& context) {
  auto judged =
      app::admit_axiom(context.services, context.environment, request_of(context.invocation));
  if (!judged.ok()) return refusal(judged.error());
  Outcome outcome;
  outcome.code = judged->admitted ? Code::kOk : Code::kQuarantined;
  outcome.text = json::write_pretty(judged->report) + "\n";
  for (const std::string& line : judged->diagnostics) {
    outcome.diagnostics += cat("cortex memory admit-axiom: ", line, "\n");
  }
  outcome.report = std::move(judged->report);
  outcome.policy_outcome = std::move(judged->policy_outcome);
  return outcome;
}

}  // namespace cortex::cli
