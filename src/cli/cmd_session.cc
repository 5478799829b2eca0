// `session close`.
#include <utility>

#include "app/config.h"
#include "app/memory_work.h"
#include "app/session_close.h"
#include "app/session_proposers.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

std::string notes_of(const app::CloseReport& report) {
  std::string out;
  for (const std::string& note : report.notes) out += cat("session-close: warning: ", note, "\n");
  for (const std::string& why : report.gated) out += cat("session-close: not kept: ", why, "\n");
  for (const std::string& why : report.embedding_errors) {
    out += cat("session-close: no embedding: ", why, "\n");
  }
  if (report.user_lines_skipped > 0) {
    out += cat("session-close: ", report.user_lines_skipped,
               " lines of people were left out; give --user-attestation KEY or"
               " --mark-user-lines\n");
  }
  if (report.failure) return out;
  if (report.quarantine) {
    return cat(out, "session-close: session.close.no_candidates: reflection quarantined; ",
               report.quarantine->reason, ": ", report.quarantine->detail, "\n");
  }
  if (!report.trace_id) {
    return cat(out, "session-close: no trace_id in events; no candidates proposed\n");
  }
  if (report.proposed == 0) out += "session-close: no candidates proposed\n";
  return out;
}

std::string close_text(const app::CloseReport& report, bool dry_run, bool candidates) {
  std::string out = cat("session-close: ingested ", report.ingested(), " events\n");
  if (dry_run && report.proposed > 0) {
    out += cat("session-close: would propose ", report.proposed, " candidates\n");
  }
  if (dry_run) return cat(out, "session-close: ok\n");
  if (report.proposed == 0) {
    out += "session-close: no candidates proposed\n";
  } else {
    out += cat("session-close: proposed ", report.proposed,
               " candidates\nsession-close: ", candidates ? "kept " : "activated ",
               report.memory_ids.size(), " memories (", report.gated.size(),
               " failed structural gates, ", report.already_existed,
               " already existed)\nsession-close: computed ", report.embedded, " embeddings (",
               report.embedding_errors.size(), " embedding errors)\n");
  }
  return cat(out, "session-close: ok\n");
}

}  // namespace

Outcome run_session_close(const Context& context) {
  const Invocation& flags = context.invocation;
  app::CloseReport report;
  app::CloseRequest request{.events = flags.value("events"),
                            .user_attestation = flags.optional("user-attestation"),
                            .mark_user_lines = flags.has("mark-user-lines"),
                            .dry_run = flags.has("dry-run"),
                            .extract = flags.has("extract"),
                            .label = flags.value("label"),
                            .caller = app::cli_caller()};
  const std::string form = flags.optional("format").value_or("auto");
  if (form == "auto") request.form = app::SessionForm::kDetected;
  if (const auto format = transcript::parse_format(form)) {
    request.form = app::SessionForm::kTranscript;
    request.format = *format;
  }
  if (request.extract) request.proposed = app::Proposed::kCandidate;
  std::string warnings;
  request.proposer =
      app::replay_proposer(context.services, context.environment, flags.optional("fixtures-dir"));
  if (flags.has("live-reflect")) {
    request.proposer = app::live_proposer(
        context.services, context.environment,
        flags.has("allow-replay-fallback") ? std::optional(request.proposer) : std::nullopt,
        [&warnings](const std::string& text) {
          warnings += cat("session-close: warning: ", text, "\n");
        });
  }
  auto layout = context.layout();
  auto policy = app::write_gate(context.environment, context.services.fs);
  if (!layout.ok() || !policy.ok()) {
    report.failure = layout.ok() ? policy.error() : layout.error();
    report.failure->token = app::kCloseReflectFailed;
  } else {
    request.layout = *std::move(layout);
    request.policy = *policy;
    report = app::close_session(context.services, request);
  }
  if (report.failure) {
    Outcome outcome{.code = report.failure->code, .report = to_json(report)};
    outcome.diagnostics = cat(warnings, "session close: ", report.failure->token, ": ",
                              report.failure->text(), "\n", notes_of(report));
    return outcome;
  }
  return {.text = close_text(report, request.dry_run, request.extract),
          .diagnostics = request.dry_run ? std::string() : warnings + notes_of(report),
          .report = to_json(report)};
}

}  // namespace cortex::cli
