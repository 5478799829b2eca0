#include <algorithm>
#include <cmath>

#include "app/recall.h"
#include "base/text.h"
#include "cli/handlers.h"
#include "cli/style.h"

namespace cortex::cli {
namespace {

// On one line. `printable`: nothing in it steers the terminal.
std::string one_line(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(out, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return printable(out);
}

// The snippet, matches in bold.
std::string shown(const app::RecallHit& hit, bool colour) {
  std::string out = hit.cut_before ? "..." : "";
  std::size_t at = 0;
  const auto plain = [&](std::size_t end) {
    out += one_line(std::string_view(hit.snippet).substr(at, end - at));
    at = end;
  };
  for (const auto& [begin, end] : hit.ranges) {
    plain(begin);
    out += tinted(one_line(std::string_view(hit.snippet).substr(begin, end - begin)), Tint::kBold,
                  colour);
    at = end;
  }
  plain(hit.snippet.size());
  return out + (hit.cut_after ? "..." : "");
}

std::string fixed3(double value) {
  const auto thousandths = static_cast<std::int64_t>(std::llround(std::abs(value) * 1000));
  const std::string digits = cat(thousandths % 1000 + 1000).substr(1);
  return cat(value < 0 ? "-" : "", thousandths / 1000, ".", digits);
}

std::string text_of(const app::RecallHit& hit, std::size_t number, bool colour) {
  std::string head = cat(number, ". ", tinted(hit.id, Tint::kBold, colour), "  ",
                         format_rfc3339_seconds(hit.time));
  if (!hit.speaker.empty()) head += cat("  ", printable(hit.speaker));
  if (!hit.session.empty()) head += cat("  ", printable(hit.session));
  head += cat("  ", hit.memory ? hit.status : printable(hit.source));
  std::string out = cat(head, tinted(cat("  score ", fixed3(hit.score)), Tint::kDim, colour), "\n",
                        "   ", shown(hit, colour), "\n");
  if (hit.parts.empty()) return out;
  std::string parts = "   ";
  for (const auto& [name, value] : hit.parts) parts += cat(name, " ", fixed3(value), "  ");
  parts.resize(parts.size() - 2);
  return cat(out, tinted(parts, Tint::kDim, colour), "\n");
}

}  // namespace

Outcome run_recall(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const auto request = app::make_recall_request(
      flags.value("query"), [&flags](std::string_view name) { return flags.optional(name); });
  if (!request.ok()) return failed(context, request.error());
  const auto report = app::recall(context.services, *layout, *request);
  if (!report.ok()) return failed(context, report.error());
  Outcome outcome{.report = to_json(*report)};
  const bool colour = context.terminal.colour_on_stdout();
  std::size_t number = request->offset;
  for (const app::RecallHit& hit : report->hits) outcome.text += text_of(hit, ++number, colour);
  for (const std::string& note : report->notes) outcome.diagnostics += cat("note: ", note, "\n");
  if (report->hits.empty()) outcome.diagnostics += "note: nothing was found\n";
  if (report->next_offset && !context.json() && !report->hits.empty()) {
    outcome.diagnostics += cat("note: more with --offset ", *report->next_offset, "\n");
  }
  return outcome;
}

}  // namespace cortex::cli
