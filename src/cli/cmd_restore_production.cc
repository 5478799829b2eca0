#include "app/rekor_log.h"
#include "app/restore_intent.h"
#include "app/restore_production.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/evidence_flags.h"
#include "cli/handlers.h"
#include "cli/key_text.h"
#include "cli/number_flag.h"
#include "cli/progress_line.h"

namespace cortex::cli {
namespace {

constexpr std::string_view kIntent = "cortex restore intent build: ";

app::ProductionRequest production_request(const Context& context, const app::Layout& layout) {
  const Invocation& flags = context.invocation;
  return {
      .layout = layout,
      .manifest = flags.value("manifest"),
      .stage_dir = flags.value("stage-dir"),
      .intent = flags.value("restore-intent"),
      .intent_signature = flags.value("restore-intent-signature"),
      .operator_key = flags.value("operator-verification-key"),
      .anchors = {flags.optional("against"), flags.optional("against-history")},
      .witness = {.sink = flags.value("anchor-sink"),
                  .sink_path = flags.value("sink-path"),
                  .endpoint =
                      flags.optional("sink-endpoint").value_or(std::string(app::kRekorEndpoint)),
                  .trusted_root_path = trusted_root_path(context),
                  .key_file = flags.optional("witness-key"),
                  .intent_blake3 = {}},
      .production = flags.has("production"),
      .acknowledged_destruction = flags.has("acknowledge-production-destructive-restore"),
      .acknowledged_replacement = flags.has("acknowledge-active-store-replacement"),
      .acknowledged_risk = flags.has("acknowledge-recovery-risk"),
      .takeover = flags.has("force-lock-takeover"),
      .takeover_attestation = flags.optional("takeover-attestation"),
      .takeover_signature = flags.optional("takeover-attestation-signature"),
      .client = cat("cortex-cli ", version())};
}

}  // namespace

Outcome run_intent_build(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto hours = integer_flag(flags, "expires-in-hours", 1);
  if (!hours.ok()) return failed(context, hours.error());
  auto key = signing_key_text(flags);
  if (!key.ok()) return failed(context, key.error());
  const app::IntentReport report = app::build_intent(
      context.services, {.layout = *layout,
                         .manifest = flags.value("backup-manifest"),
                         .output = flags.value("output"),
                         .public_key_hex = flags.optional("operator-pubkey-hex"),
                         .deployment_id = flags.optional("deployment-id"),
                         .staged_paths = flags.all("staged-artifact-path"),
                         .staged_digests = flags.all("staged-artifact-digest-blake3"),
                         .hours = *hours,
                         .sign = flags.has("sign"),
                         .key_base64 = *std::move(key),
                         .key_file = flags.optional("signing-key-file"),
                         .accepted_loss_of = flags.optional("accept-loss-of-stage")});
  Outcome outcome{.code = report.code, .report = to_json(report)};
  if (report.error) {
    const std::string& token = report.error->token;
    outcome.diagnostics = cat(kIntent, token.empty() ? "" : cat("invariant=", token, " "),
                              report.error->text(), "\n");
    return outcome;
  }
  outcome.text = cat(kIntent, "minted `", report.output,
                     "` (operator_principal_id=", report.intent.operator_principal_id, ")\n");
  if (report.signature) outcome.text += cat(kIntent, "signed -> `", *report.signature, "`\n");
  return outcome;
}

Outcome run_restore_apply(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto report = [&] {
    ProgressLine line(context.terminal);
    return app::restore_production(context.services, context.environment,
                                   production_request(context, *layout), line.progress());
  }();
  Outcome outcome{.code = report.code};
  for (const std::string& note : report.notes) {
    outcome.diagnostics += cat("cortex restore apply: ", note, "\n");
  }
  if (report.error) {
    outcome.diagnostics += error_line("restore apply", *report.error);
    if (!report.ending.empty()) {
      outcome.diagnostics += cat("cortex restore apply: ", report.ending, "\n");
    }
    return outcome;
  }
  outcome.text = json::write_pretty(to_json(report)) + "\n";
  outcome.diagnostics +=
      cat("cortex restore apply: the active store was mutated: it is the bundle's now, verified in"
          " place; the files from before are in ",
          quoted(report.evidence_folder), "\n");
  return outcome;
}

}  // namespace cortex::cli
