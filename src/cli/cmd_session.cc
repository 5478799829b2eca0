// `session close`.
#include <utility>

#include "app/memory_work.h"
#include "app/session_close.h"
#include "app/session_import.h"
#include "app/session_proposers.h"
#include "base/text.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

std::string lines_of(std::string_view what, const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += cat("session-close: ", what, text, "\n");
  return out;
}

// Of a transcript: what of it did not become events as it stands.
std::string transcript_notes(const app::CloseReport& report) {
  std::string out;
  if (report.user_lines_skipped > 0) {
    out += cat("session-close: ", counted(report.user_lines_skipped, "line"),
               " of people left out; give --user-attestation KEY or --mark-user-lines\n");
  }
  if (const std::uint64_t count = app::redacted_count(report.redactions); count > 0) {
    out += cat("session-close: ", counted(count, "secret"), " taken out\n");
  }
  return out;
}

std::string quarantine_note(const app::CloseReport& report) {
  if (!report.quarantine) return {};
  const std::string why = cat(report.quarantine->reason, ": ", report.quarantine->detail, "\n");
  if (report.quarantined == report.sessions || report.sessions == 0) {
    return cat("session-close: session.close.no_candidates: reflection quarantined; ", why);
  }
  return cat("session-close: reflection quarantined for ", report.quarantined, " of ",
             counted(report.sessions, "session"), "; the last: ", why);
}

std::string notes_of(const app::CloseReport& report) {
  std::string out = cat(lines_of("warning: ", report.notes), lines_of("not kept: ", report.gated),
                        lines_of("no embedding: ", report.embedding_errors),
                        transcript_notes(report), quarantine_note(report));
  if (report.failure) return cat(out, lines_of("kept before it: ", report.memory_ids));
  if (report.quarantine) return out;
  if (!report.trace_id) {
    return cat(out, "session-close: no trace_id in events; no candidates proposed\n");
  }
  if (report.proposed == 0) out += "session-close: no candidates proposed\n";
  return out;
}

// "ingested 3 events", and of a transcript as what it was read.
std::string ingested_line(const app::CloseReport& report) {
  std::string out = cat("session-close: ingested ", report.ingested(), " events");
  if (!report.format.empty()) {
    out += cat(" of ", counted(report.sessions, "session"), " (", report.format, ")");
  }
  return out + "\n";
}

std::string close_text(const app::CloseReport& report, bool dry_run, bool candidates) {
  std::string out = ingested_line(report);
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
  if (candidates && !report.memory_ids.empty()) {
    out +=
        "session-close: they wait: see `cortex memory candidates`, then `cortex memory accept"
        " ID`\n";
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
  const bool live = flags.has("live-reflect");
  request.proposer = app::replay_proposer(
      context.services, context.environment, flags.optional("fixtures-dir"),
      live ? "close it again with --extract" : "close it again with --extract or --live-reflect");
  if (live) {
    request.proposer = app::live_proposer(
        context.services, context.environment,
        flags.has("allow-replay-fallback") ? std::optional(request.proposer) : std::nullopt,
        [&warnings](const std::string& text) { warnings += cat("session-close: ", text, "\n"); });
  }
  auto layout = context.layout();
  auto policy = context.write_gate();
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
          .diagnostics = request.dry_run ? transcript_notes(report) : warnings + notes_of(report),
          .report = to_json(report)};
}

}  // namespace cortex::cli
