// The commands that write memories: note, correct, accept, reject, supersede, restore, tags,
// outcomes, contradictions.
#include "app/compatibility.h"
#include "app/memory_contradictions.h"
#include "app/memory_lifecycle.h"
#include "app/memory_note.h"
#include "app/memory_use.h"
#include "base/join.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/number_flag.h"

namespace cortex::cli {
namespace {

// Where, and by which policy; both come from flags, environment and configuration file.
struct Place {
  app::Layout layout;
  app::Author author;
};

Result<Place> place_of(const Context& context) {
  CORTEX_ASSIGN(app::Layout layout, context.layout());
  CORTEX_ASSIGN(const memory::GatePolicy policy, context.write_gate());
  return Place{std::move(layout), {app::cli_caller(), policy}};
}

json::Object detail_of(const Error& error) { return {{"detail", error.text()}}; }

Outcome memory_refused(const Context& context, const Error& error) {
  return failed(context, error, detail_of(error));
}

store::ProofDepth depth_of(const Context& context) {
  return app::is_compatible(context.environment) ? store::ProofDepth::kRows
                                                 : store::ProofDepth::kHashes;
}

std::string lag_line(const std::string& note) {
  return note.empty() ? std::string() : cat("warning: ", note, "\n");
}

Result<app::NoteRequest> note_request(const Context& context) {
  const Invocation& flags = context.invocation;
  app::NoteRequest request{.claim = flags.value("claim"), .domains = flags.all("domain")};
  CORTEX_ASSIGN(request.confidence, number_flag(flags, "confidence", request.confidence));
  request.valid_from = flags.optional("valid-from");
  request.valid_until = flags.optional("valid-until");
  request.allow_duplicate = flags.has("allow-duplicate");
  request.reason = flags.value("reason");
  return request;
}

std::string note_text(std::string_view verb, const app::NoteReport& report) {
  std::string text = cat("memory ", verb, ": recorded ", report.memory_id,
                         "\n  claim:   ", printable(report.claim),
                         "\n  domains: ", join(report.domains, ", ", printable), "\n");
  for (const memory::NearDuplicate& one : report.near_duplicates) {
    text += cat("  similar: ", one.memory_id, " (", static_cast<int>(one.similarity * 100), "%, ",
                one.status, ")\n");
  }
  for (const memory::Finding& one : report.redactions) {
    text += cat("  gate:    ", one.detector, ": ", memory::gate_action_token(one.action), "\n");
  }
  return text;
}

Outcome noted(const Context& context, std::string_view verb,
              const Result<app::NoteReport>& report) {
  if (!report.ok()) return memory_refused(context, report.error());
  return {.text = note_text(verb, *report),
          .diagnostics = lag_line(report->mirror_note),
          .report = to_json(*report)};
}

Outcome moved(const Context& context, const Result<app::MoveReport>& report) {
  if (!report.ok()) return memory_refused(context, report.error());
  std::string text = cat(context.invocation.command->path, ": ", report->memory_id, " is ",
                         report->to, " (was ", report->from, ")\n");
  if (!report->note.empty()) text += cat("  not active, because ", report->note, "\n");
  return {.text = std::move(text),
          .diagnostics = lag_line(report->mirror_note),
          .report = to_json(*report)};
}

Outcome tagged(const Context& context, bool add) {
  const auto place = place_of(context);
  if (!place.ok()) return memory_refused(context, place.error());
  const Invocation& flags = context.invocation;
  const auto report = app::change_tag(context.services, place->layout, place->author, add,
                                      flags.value("id"), flags.value("tag"));
  if (!report.ok()) {
    Outcome outcome = memory_refused(context, report.error());
    // With --json a refusal is told once, in the envelope; that a store is missing or of another
    // shape on stderr as well.
    const Error& error = report.error();
    if (context.json() && error.code != Code::kSchema &&
        !error.message.starts_with("precondition unmet")) {
      outcome.diagnostics.clear();
    }
    return outcome;
  }
  const std::string_view what = add ? (report->changed ? "added to" : "already present on")
                                    : (report->changed ? "removed from" : "not present on");
  return {.text = cat("memory tag ", add ? "add" : "remove", ": tag '", printable(report->tag),
                      "' ", what, " ", report->memory_id, "\n"),
          .diagnostics = "",
          .report = to_json(*report)};
}

Outcome contradicted(const Context& context, const Result<app::ContradictionReport>& report) {
  if (!report.ok()) return memory_refused(context, report.error());
  const store::Contradiction& one = report->contradiction;
  return {.text = cat(context.invocation.command->path, ": ", one.id, " between ",
                      printable(one.left_ref), " and ", printable(one.right_ref), " is ",
                      one.status, "\n"),
          .diagnostics = "",
          .report = to_json(*report),
          .policy_outcome = json::sorted(to_json(report->decision))};
}

}  // namespace

Outcome run_memory_note(const Context& context) {
  const auto request = note_request(context);
  if (!request.ok()) return memory_refused(context, request.error());
  const auto place = place_of(context);
  if (!place.ok()) return memory_refused(context, place.error());
  return noted(context, "note",
               app::note(context.services, place->layout, place->author, *request));
}

Outcome run_memory_correct(const Context& context) {
  const auto request = note_request(context);
  if (!request.ok()) return memory_refused(context, request.error());
  const auto place = place_of(context);
  if (!place.ok()) return memory_refused(context, place.error());
  return noted(context, "correct",
               app::correct(context.services, place->layout, place->author,
                            context.invocation.value("id"), *request));
}

Outcome run_memory_accept(const Context& context) {
  const auto refuse = [&context](const Error& error) {
    return failed(context, error, json::Object{{"detail", error.text()}, {"memory_id", nullptr}});
  };
  const auto layout = context.layout();
  if (!layout.ok()) return refuse(layout.error());
  const auto report = app::accept_memory(context.services, *layout, {.caller = app::cli_caller()},
                                         context.invocation.value("id"), depth_of(context));
  if (!report.ok()) return refuse(report.error());
  Outcome outcome;
  if (report->refused) {
    outcome = failed(context, *report->refused, to_json(*report));
  } else {
    outcome = {.text = cat("cortex memory accept: accepted ", report->memory_id, "\n"),
               .diagnostics = lag_line(report->mirror_note),
               .report = to_json(*report)};
  }
  if (report->decision) outcome.policy_outcome = json::sorted(to_json(*report->decision));
  return outcome;
}

Outcome run_memory_reject(const Context& context) {
  const auto place = place_of(context);
  if (!place.ok()) return memory_refused(context, place.error());
  const Invocation& flags = context.invocation;
  return moved(context, app::reject_memory(context.services, place->layout, place->author,
                                           flags.value("id"), flags.value("reason")));
}

Outcome run_memory_supersede(const Context& context) {
  const auto place = place_of(context);
  if (!place.ok()) return memory_refused(context, place.error());
  const Invocation& flags = context.invocation;
  return moved(context, app::supersede_memory(context.services, place->layout, place->author,
                                              flags.value("id"), flags.value("by"),
                                              flags.optional("since"), flags.value("reason")));
}

Outcome run_memory_restore(const Context& context) {
  const auto place = place_of(context);
  if (!place.ok()) return memory_refused(context, place.error());
  const Invocation& flags = context.invocation;
  return moved(context,
               app::restore_memory(context.services, place->layout, place->author,
                                   flags.value("id"), flags.value("reason"), depth_of(context)));
}

Outcome run_memory_tag_add(const Context& context) { return tagged(context, true); }
Outcome run_memory_tag_remove(const Context& context) { return tagged(context, false); }

Outcome run_memory_outcome_record(const Context& context) {
  const Invocation& flags = context.invocation;
  // A session that is none is told before the memory is looked at, and so is a missing store.
  std::string looked_at;
  const auto refuse = [&](const Error& error) {
    return failed(context, error,
                  json::Object{{"detail", error.text()},
                               {"memory_id",
                                looked_at.empty() ? json::Value(nullptr) : json::Value(looked_at)},
                               {"persisted", false}});
  };
  const auto place = place_of(context);
  if (!place.ok()) return refuse(place.error());
  const auto report = app::record_outcome(context.services, place->layout, place->author,
                                          {.memory_id = flags.value("memory-id"),
                                           .session = flags.value("session"),
                                           .result = flags.value("result"),
                                           .note = flags.optional("note"),
                                           .scope = flags.optional("scope"),
                                           .evidence = flags.optional("evidence"),
                                           .attestation_path = flags.optional("attestation")},
                                          &looked_at);
  if (!report.ok()) return refuse(report.error());
  std::string text = cat("outcome recorded: memory ", report->memory_id, " marked ", report->result,
                         " for session ", printable(report->session), "\n");
  if (report->note) text += cat("  note: ", printable(*report->note), "\n");
  return {.text = std::move(text), .diagnostics = "", .report = to_json(*report)};
}

Outcome run_contradiction_add(const Context& context) {
  const auto place = place_of(context);
  if (!place.ok()) return memory_refused(context, place.error());
  const Invocation& flags = context.invocation;
  return contradicted(context,
                      app::add_contradiction(context.services, place->layout, place->author,
                                             flags.value("left"), flags.value("right"),
                                             flags.optional("type").value_or("hard_inconsistency"),
                                             flags.value("reason")));
}

Outcome run_contradiction_interpret(const Context& context) {
  const auto place = place_of(context);
  if (!place.ok()) return memory_refused(context, place.error());
  const Invocation& flags = context.invocation;
  return contradicted(
      context, app::interpret_contradiction(context.services, place->layout, place->author,
                                            flags.value("id"), flags.value("interpretation")));
}

Outcome run_contradiction_resolve(const Context& context) {
  const auto place = place_of(context);
  if (!place.ok()) return memory_refused(context, place.error());
  const Invocation& flags = context.invocation;
  return contradicted(
      context,
      app::resolve_contradiction(context.services, place->layout, place->author, flags.value("id"),
                                 flags.value("interpretation"), flags.optional("winner")));
}

}  // namespace cortex::cli
