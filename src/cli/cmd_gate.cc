// `release readiness` and `compliance evidence`.
#include <utility>

#include "app/gate.h"
#include "base/text.h"
#include "cli/evidence_flags.h"
#include "cli/handlers.h"
#include "cli/number_flag.h"

namespace cortex::cli {
namespace {

Result<app::GateReport> judge(const Context& context, app::GateKind kind) {
  const Invocation& flags = context.invocation;
  if (flags.has("from-store")) {
    CORTEX_ASSIGN(app::Layout layout, context.layout());
    return app::judge_gate_from_store(context.services,
                                      {.kind = kind,
                                       .layout = std::move(layout),
                                       .verification_key = flags.optional("verification-key"),
                                       .attestation = flags.optional("attestation"),
                                       .receipts = flags.all("receipts"),
                                       .trusted_root_path = trusted_root_path(context)});
  }
  app::GateRequest request{.kind = kind,
                           .evidence_file = flags.optional("evidence-file"),
                           .evidence_json = flags.optional("evidence-json"),
                           .evidence_blake3 = flags.optional("evidence-blake3"),
                           .witness_files = flags.all("witness-file"),
                           .witness_json = flags.all("witness-json")};
  CORTEX_ASSIGN(const auto age, count_flag(flags, "max-witness-age-seconds"));
  if (age) request.age_seconds_max = *age;
  request.key_registry = flags.optional("witness-key-registry");
  request.require_registered = flags.has("require-registered-witnesses");
  request.ledger = flags.optional("against-ledger");
  return app::judge_gate(context.services, request);
}

// The report is for people to read on stderr: stdout stays empty, so that nothing is piped on as
// an artifact by accident.
Outcome run_gate(const Context& context, app::GateKind kind) {
  auto judged = judge(context, kind);
  if (!judged.ok()) return failed(context, judged.error());
  Outcome outcome;
  outcome.code = judged->open ? Code::kOk : Code::kPrecondition;
  for (const std::string& warning : judged->warnings) {
    outcome.diagnostics += cat("cortex ", context.invocation.command->path, ": ", warning, "\n");
  }
  if (!context.json()) outcome.diagnostics += json::write_pretty(judged->report) + "\n";
  outcome.report = std::move(judged->report);
  if (!judged->policy_outcome.is_null()) {
    outcome.policy_outcome = std::move(judged->policy_outcome);
  }
  return outcome;
}

}  // namespace

Outcome run_release_readiness(const Context& context) {
  return run_gate(context, app::GateKind::kRelease);
}

Outcome run_compliance_evidence(const Context& context) {
  return run_gate(context, app::GateKind::kCompliance);
}

}  // namespace cortex::cli
