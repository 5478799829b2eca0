#include <algorithm>
#include <cstdint>
#include <limits>

#include "app/compatibility.h"
#include "app/context_pack.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/handlers.h"
#include "cli/number_flag.h"

namespace cortex::cli {
namespace {

// No pack is as large: a budget beyond is as good as this one.
constexpr std::uint64_t kTokensMax = std::numeric_limits<std::int64_t>::max();

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
  const auto tokens = count_flag(context.invocation, "max-tokens");
  if (!tokens.ok()) return refuse(tokens.error());
  if (*tokens) request.max_tokens = std::min<std::uint64_t>(**tokens, kTokensMax);
  const auto layout = context.layout();
  if (!layout.ok()) return refuse(layout.error());
  auto policy = context.write_gate();
  if (!policy.ok()) return refuse(policy.error());
  request.policy = *policy;
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
