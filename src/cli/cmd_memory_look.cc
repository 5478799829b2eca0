// The commands that look at memories: list, candidates, health, diff, show, why, history,
// contradiction list.
#include "app/compatibility.h"
#include "app/memory_contradictions.h"
#include "app/memory_read.h"
#include "app/memory_story.h"
#include "base/join.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/number_flag.h"

namespace cortex::cli {
namespace {

Outcome look_refused(const Context& context, const Error& error) {
  return failed(context, error, json::Object{{"detail", error.text()}});
}

std::string tags_of(const store::Memory& memory) { return join(memory.tags(), ",", printable); }

std::string unreadable_lines(const std::vector<store::UnreadableMemory>& unreadable) {
  std::string lines;
  for (const store::UnreadableMemory& one : unreadable) {
    lines += cat("warning: the memory ", quoted(one.id), " cannot be read: ", one.column, ": ",
                 one.reason, "\n");
  }
  return lines;
}

Result<app::ListRequest> list_request(const Invocation& flags) {
  app::ListRequest request{.tags = flags.all("tag"), .statuses = flags.all("status")};
  request.as_of = flags.optional("as-of");
  request.valid_at = flags.optional("valid-at");
  CORTEX_ASSIGN(request.limit, count_flag(flags, "limit"));
  CORTEX_ASSIGN(const auto offset, count_flag(flags, "offset"));
  request.offset = offset.value_or(0);
  return request;
}

Result<app::MemoryStory> story_of(const Context& context) {
  CORTEX_ASSIGN(const app::Layout layout, context.layout());
  const store::ProofDepth depth = app::is_compatible(context.environment)
                                      ? store::ProofDepth::kRows
                                      : store::ProofDepth::kHashes;
  return app::memory_story(context.services, layout, context.invocation.value("id"),
                           context.invocation.optional("as-of"), depth);
}

std::string valid_text(const store::ValidTime& valid) {
  if (!valid.from && !valid.until) return "always";
  if (valid.from == valid.until) return "never";
  return cat(valid.from.value_or("..."), " until ", valid.until.value_or("..."));
}

std::string show_text(const app::MemoryStory& story) {
  const store::Memory& memory = story.then.memory;
  std::string text =
      cat("memory ", memory.id, "\n  claim:      ", printable(memory.claim),
          "\n  status:     ", memory.status, "\n  type:       ", printable(memory.type),
          "\n  authority:  ", printable(memory.authority),
          "\n  confidence: ", shortest(memory.confidence), "\n  domains:    ", tags_of(memory),
          "\n  valid:      ", valid_text(story.then.valid), "\n  created:    ", memory.created_at,
          "\n  updated:    ", memory.updated_at, "\n");
  text += cat("  proof:      ", trust::proof_state_token(story.proof.closure.state()), "\n");
  for (const trust::VerifiedEdge& edge : story.proof.closure.verified) {
    text += cat("    holds:    ", printable(edge.from_ref), " -> ", printable(edge.to_ref), " (",
                trust::edge_kind_token(edge.kind), ")\n");
  }
  for (const trust::FailingEdge& edge : story.proof.closure.failing) {
    text += cat("    fails:    ", printable(edge.from_ref), " -> ", printable(edge.to_ref), " (",
                trust::edge_kind_token(edge.kind), ": ", trust::edge_failure_token(edge.failure),
                ")\n");
  }
  for (const app::SourceEvent& event : story.events) {
    text += cat("  event:      ", event.id, " ", event.observed_at, " ", printable(event.type), " ",
                printable(event.source), "\n");
  }
  for (const store::MemoryVersion& one : story.versions) {
    text += cat("  operation:  ", one.event_id, " ", one.known_at, " ", one.operation, "\n");
  }
  return text;
}

}  // namespace

Outcome run_memory_list(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto refuse = [&](const Error& error) {
    return failed(context, error,
                  json::Object{{"detail", error.text()},
                               {"match_count", 0},
                               {"matches", json::Array()},
                               {"tag_filter", json::array_of(flags.all("tag"))}});
  };
  const auto layout = context.layout();
  if (!layout.ok()) return refuse(layout.error());
  const auto request = list_request(flags);
  if (!request.ok()) return refuse(request.error());
  const auto report = app::list_memories(context.services, *layout, *request);
  if (!report.ok()) return refuse(report.error());
  std::string text;
  for (const store::MemoryThen& row : report->rows) {
    text += cat(row.memory.id, "\t", tags_of(row.memory), "\t", printable(row.memory.claim), "\n");
  }
  if (text.empty()) text = "cortex memory list: no matches\n";
  return {.text = std::move(text),
          .diagnostics = unreadable_lines(report->unreadable),
          .report = to_json(*report)};
}

Outcome run_memory_candidates(const Context& context) {
  constexpr std::uint64_t kUsualLimit = 100;
  const auto layout = context.layout();
  if (!layout.ok()) return look_refused(context, layout.error());
  const auto limit = count_flag(context.invocation, "limit");
  const auto offset = count_flag(context.invocation, "offset");
  if (!limit.ok()) return look_refused(context, limit.error());
  if (!offset.ok()) return look_refused(context, offset.error());
  const auto report = app::list_candidates(context.services, *layout, limit->value_or(kUsualLimit),
                                           offset->value_or(0));
  if (!report.ok()) return look_refused(context, report.error());
  std::string text;
  for (const app::Candidate& one : report->candidates) {
    text += cat(one.memory.id, "\t", one.memory.status, "\t", one.proof, "\t",
                one.acceptable ? "acceptable" : "not acceptable", "\t", printable(one.memory.claim),
                "\n");
  }
  if (report->candidates.empty()) {
    text = "cortex memory candidates: none\n";
  } else if (report->candidates.size() < report->total) {
    text += cat(report->candidates.size(), " of ", report->total, " shown\n");
  }
  return {.text = std::move(text),
          .diagnostics = unreadable_lines(report->unreadable),
          .report = to_json(*report)};
}

Outcome run_memory_health(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto refuse = [&](const Error& error) {
    return failed(context, error, json::Object{{"detail", error.text()}, {"total_active", 0}});
  };
  app::HealthRequest request{.unvalidated_only = flags.has("unvalidated-only")};
  const auto days = count_flag(flags, "older-than");
  const auto limit = count_flag(flags, "limit");
  const auto offset = count_flag(flags, "offset");
  const auto below = number_flag(flags, "confidence-below", request.confidence_below);
  for (const auto* count : {&days, &limit, &offset}) {
    if (!count->ok()) return refuse(count->error());
  }
  if (!below.ok()) return refuse(below.error());
  request.older_than_days = days->value_or(request.older_than_days);
  request.limit = *limit;
  request.offset = offset->value_or(0);
  request.confidence_below = *below;
  const auto layout = context.layout();
  if (!layout.ok()) return refuse(layout.error());
  const auto report = app::memory_health(context.services, *layout, request);
  if (!report.ok()) return refuse(report.error());
  const auto many = [&report](store::HealthKind kind) { return report->of[kind].count; };
  return {.text = cat(
              "memory health:\n  total active: ", report->total_active, "\n  low confidence (<",
              shortest(request.confidence_below), "): ", many(store::HealthKind::kLowConfidence),
              "\n  never validated: ", many(store::HealthKind::kNeverValidated), "\n  older than ",
              request.older_than_days, " days: ", many(store::HealthKind::kOlder),
              "\n  no outcome recorded: ", many(store::HealthKind::kNoOutcome),
              "\n  used often, never validated: ", many(store::HealthKind::kWeakNegative),
              "\n  contradicted: ", many(store::HealthKind::kContradicted), "\n"),
          .diagnostics = "",
          .report = to_json(*report)};
}

Outcome run_memory_diff(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return look_refused(context, layout.error());
  const auto report = app::memory_diff(context.services, *layout, context.invocation.value("since"),
                                       context.invocation.optional("until"));
  if (!report.ok()) return look_refused(context, report.error());
  std::string text;
  for (const store::MemoryDifference& one : report->differences) {
    text += cat(one.changed_at, "\t", one.id, "\t", one.status_before.value_or("(unknown)"), " -> ",
                one.status_after, "\t", printable(one.claim), "\n");
  }
  if (text.empty()) text = "cortex memory diff: nothing changed\n";
  return {.text = std::move(text), .diagnostics = "", .report = to_json(*report)};
}

Outcome run_memory_show(const Context& context) {
  const auto story = story_of(context);
  if (!story.ok()) return look_refused(context, story.error());
  return {.text = show_text(*story), .diagnostics = "", .report = app::show_json(*story)};
}

Outcome run_memory_why(const Context& context) {
  const auto story = story_of(context);
  if (!story.ok()) return look_refused(context, story.error());
  std::string text =
      cat("memory ", story->then.memory.id, ": ", printable(story->then.memory.claim), "\n");
  for (const app::Reason& one : app::reasons_of(*story)) {
    text += cat(one.speaks_for ? "  + " : "  - ", one.text, "\n");
  }
  return {.text = std::move(text), .diagnostics = "", .report = app::why_json(*story)};
}

Outcome run_memory_history(const Context& context) {
  const auto story = story_of(context);
  if (!story.ok()) return look_refused(context, story.error());
  std::string text =
      cat("memory ", story->then.memory.id, ": ", printable(story->then.memory.claim), "\n");
  for (const store::MemoryVersion& one : story->versions) {
    text += cat(one.known_at, "\t", one.operation, "\t", one.status, "\t", valid_text(one.valid),
                "\t", printable(one.reason), "\n");
  }
  if (story->versions.empty()) {
    text += cat(story->then.memory.created_at,
                "\tcreated by another program; no operation has changed it since\n");
  }
  return {.text = std::move(text), .diagnostics = "", .report = app::history_json(*story)};
}

Outcome run_contradiction_list(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return look_refused(context, layout.error());
  const auto listing =
      app::list_contradictions(context.services, *layout, context.invocation.has("open"),
                               context.invocation.optional("memory"));
  if (!listing.ok()) return look_refused(context, listing.error());
  std::string text;
  for (const app::ContradictionListing::Row& row : listing->rows) {
    const store::Contradiction& one = row.contradiction;
    text += cat(one.id, "\t", printable(one.status), "\t", printable(one.left_ref), "\t",
                printable(one.right_ref), "\t", memory::resolution_token(row.resolved.state), "\n");
  }
  if (text.empty()) text = "cortex memory contradiction list: none\n";
  return {.text = std::move(text), .diagnostics = "", .report = to_json(*listing)};
}

}  // namespace cortex::cli
