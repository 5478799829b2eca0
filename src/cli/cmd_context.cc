#include <charconv>
#include <cstdint>
#include <limits>

#include "app/compatibility.h"
#include "app/context_pack.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

// nullopt: no whole number. One beyond all bounds is as good as the largest.
std::optional<std::uint64_t> tokens_of(const std::string& text) {
  std::uint64_t n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return std::numeric_limits<std::int64_t>::max();
  return std::min<std::uint64_t>(n, std::numeric_limits<std::int64_t>::max());
}

app::ContextRequest pack_request(const Context& context) {
  const Invocation& flags = context.invocation;
  app::ContextRequest request;
  request.task = flags.value("task");
  request.tags = flags.all("tag");
  request.axiom_constraints = flags.has("axiom-constraints");
  request.boundary_envelope = flags.has("boundary-envelope");
  request.fuzzy = flags.has("fuzzy");
  request.include_doctrine = flags.has("include-doctrine");
  request.explain = flags.has("explain");
  request.strict = flags.has("strict");
  request.strict_budget = flags.has("strict-budget");
  request.persist = !flags.has("no-persist");
  request.as_of = flags.optional("as-of");
  if (const auto word = flags.optional("estimator")) {
    request.estimator = context::parse_estimator(*word).value_or(request.estimator);
  }
  request.by_span = flags.has("by-span");
  request.for_operator = flags.optional("mode") == "operator";
  request.raw_payloads = flags.has("raw-payloads");
  request.attestation_path = flags.optional("attestation");
  request.compatible = app::is_compatible(context.environment);
  return request;
}

}  // namespace

Outcome run_context_build(const Context& context) {
  const auto refuse = [&context](const Error& error) {
    return failed(context, error, json::Object{{"detail", error.text()}, {"status", "error"}});
  };
  app::ContextRequest request = pack_request(context);
  if (const auto text = context.invocation.optional("max-tokens")) {
    const auto tokens = tokens_of(*text);
    if (!tokens) {
      Error error =
          make_error(Code::kUsage, cat("`--max-tokens` needs a whole number, not ", quoted(*text)));
      error.unchanged = "no pack was built";
      error.next = "give a number such as 4096";
      return refuse(error);
    }
    request.max_tokens = *tokens;
  }
  const auto layout = context.layout();
  if (!layout.ok()) return refuse(layout.error());
  const store::Caller caller{.actor = "operator", .client = cat("cortex-cli ", version())};
  auto report = app::build_context(context.services, *layout, caller, request);
  if (!report.ok()) return refuse(report.error());
  Outcome outcome;
  if (!report->note.empty())
    outcome.diagnostics = cat("cortex context build: ", report->note, "\n");
  outcome.text = json::write_pretty(report->pack) + "\n";
  outcome.report = std::move(report->pack);
  return outcome;
}

}  // namespace cortex::cli
