#include <cstdint>
#include <optional>

#include "app/compatibility.h"
#include "app/embed.h"
#include "app/search.h"
#include "app/time_flag.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/number_flag.h"

namespace cortex::cli {
namespace {

Result<app::SearchRequest> search_request(const Context& context) {
  const Invocation& flags = context.invocation;
  app::SearchRequest request;
  request.query = flags.value("query");
  request.tags = flags.all("tag");
  request.explain = flags.has("explain");
  request.fuzzy = flags.has("fuzzy");
  request.semantic = flags.has("semantic");
  request.snippet = flags.has("snippet");
  request.strict = flags.has("strict");
  request.lexical_order = flags.optional("order") == "lexical";
  const auto version = flags.optional("score-version");
  request.score_version =
      version == "1" || (!version && app::is_compatible(context.environment)) ? 1 : 2;
  request.json_order = context.json();
  request.as_of = flags.optional("as-of");
  request.statuses = flags.all("status");
  CORTEX_ASSIGN(request.limit, count_flag(flags, "limit"));
  CORTEX_ASSIGN(const auto offset, count_flag(flags, "offset"));
  request.offset = offset.value_or(0);
  if (flags.has("min-score")) {
    CORTEX_ASSIGN(request.min_score, number_flag(flags, "min-score", 0));
  }
  if (const auto since = flags.optional("since")) {
    CORTEX_ASSIGN(request.since, app::time_flag("since", *since));
  }
  if (request.score_version == 1 && (request.since || !request.statuses.empty())) {
    return make_error(Code::kUsage, "--since and --status need score version 2",
                      "nothing was searched", "leave out --score-version 1");
  }
  return request;
}

// On a terminal nothing in a claim may steer it.
std::string shown(const Context& context, std::string_view text) {
  return context.terminal.stdout_is_tty ? printable(text) : std::string(text);
}

std::string snippet_text(const Context& context, const retrieval::SnippetV1& snippet) {
  const bool colour = context.terminal.colour_on_stdout();
  std::string out;
  std::size_t at = 0;
  for (const auto& [begin, end] : snippet.ranges) {
    out += shown(context, snippet.window.substr(at, begin - at));
    out += cat(colour ? "\x1b[1m\x1b[4m" : "",
               shown(context, snippet.window.substr(begin, end - begin)), colour ? "\x1b[0m" : "");
    at = end;
  }
  return out + shown(context, snippet.window.substr(at));
}

std::string explanation_text(const app::SearchMatch& match) {
  std::string out;
  for (const retrieval::Component& component : match.score.components) {
    out += cat("  ", component.name, ": raw=", retrieval::four_places(component.raw),
               " weight=", retrieval::four_places(component.weight),
               " contribution=", retrieval::four_places(component.contribution), "\n");
  }
  const app::Uncertainty uncertainty = app::uncertainty_of(match);
  return cat(out, "  proof_state: ", uncertainty.proof_state,
             "\n  provenance_class: ", uncertainty.provenance_class,
             "\n  semantic_trust: ", uncertainty.semantic_trust,
             "\n  claim_ceiling: ", uncertainty.claim_ceiling, "\n");
}

std::string match_text(const Context& context, const app::SearchMatch& match,
                       const app::SearchRequest& request) {
  std::string line = cat(match.memory_id, "\t", retrieval::four_places(match.score.total), "\t");
  if (request.semantic) {
    line += cat("sem=", retrieval::four_places(match.similarity.value_or(0.0F)), "\t");
  }
  line += match.snippet ? snippet_text(context, *match.snippet) : shown(context, match.claim);
  line += "\n";
  return request.explain ? line + explanation_text(match) : line;
}

std::string diagnostics_of(const app::SearchReport& report) {
  std::string out;
  for (const std::string& note : report.notes) out += cat("cortex memory search: ", note, "\n");
  for (const app::LeftOut& one : report.left_out) {
    out += cat("cortex memory search: left out ", quoted(one.memory_id), " (", one.reason,
               "): ", one.detail, "\n");
  }
  return out;
}

}  // namespace

Outcome run_memory_search(const Context& context) {
  const auto refuse = [&context](const Error& error) {
    return failed(
        context, error,
        json::Object{{"detail", error.text()}, {"match_count", 0}, {"matches", json::Array{}}});
  };
  const auto layout = context.layout();
  if (!layout.ok()) return refuse(layout.error());
  const auto request = search_request(context);
  if (!request.ok()) return refuse(request.error());
  const auto report =
      app::search_memories(context.services, context.environment, *layout, *request);
  if (!report.ok()) return refuse(report.error());
  Outcome outcome;
  outcome.diagnostics = diagnostics_of(*report);
  for (const app::SearchMatch& match : report->matches) {
    outcome.text += match_text(context, match, report->request);
  }
  if (report->next_offset && !context.json()) {
    outcome.diagnostics += cat("note: more with --offset ", *report->next_offset, "\n");
  }
  if (report->matches.empty()) outcome.text = "cortex memory search: no matches\n";
  if (context.json()) outcome.report = to_json(*report);
  return outcome;
}

Outcome run_memory_embed(const Context& context) {
  const Invocation& flags = context.invocation;
  app::EmbedRequest request{.preview = flags.has("preview"),
                            .model = flags.optional("model"),
                            .endpoint = flags.optional("endpoint")};
  const auto refuse = [&context](const Error& error) {
    return failed(context, error, json::Object{{"detail", error.text()}});
  };
  const auto dim = count_flag(flags, "dim");
  if (!dim.ok()) return refuse(dim.error());
  if (*dim) request.dim = static_cast<std::int64_t>(**dim);
  const auto layout = context.layout();
  if (!layout.ok()) return refuse(layout.error());
  const auto report = app::embed_memories(context.services, context.environment, *layout, request);
  if (!report.ok()) return refuse(report.error());
  Outcome outcome;
  for (const std::string& error : report->errors) {
    outcome.diagnostics += cat("cortex memory embed: ", error, "\n");
  }
  outcome.code = report->errors.empty() ? Code::kOk : Code::kInternal;
  const std::string model = cat(report->model, ":", report->dim);
  outcome.text = report->request.preview
                     ? cat("cortex memory embed: ", report->wanting, "/", report->total_active,
                           " memories would be enriched with ", model, "\n")
                     : cat("Enriched ", report->enriched, "/", report->total_active,
                           " memories with ", model, "\n");
  outcome.report = to_json(*report);
  return outcome;
}

}  // namespace cortex::cli
