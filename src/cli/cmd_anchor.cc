// audit anchor, audit export, audit refresh-trust
#include "app/audit_anchor.h"
#include "app/audit_export.h"
#include "app/block_headers.h"
#include "app/refresh_trust.h"
#include "base/text.h"
#include "cli/evidence_flags.h"
#include "cli/handlers.h"

namespace cortex::cli {
namespace {

std::string_view boolean(bool value) { return value ? "true" : "false"; }

// Callers match on these lines, in both modes.
std::string anchor_lines(const app::AnchorReport& report) {
  std::string out;
  const auto line = [&](const auto&... parts) { out += cat("audit anchor: ", parts..., "\n"); };
  if (report.authority) {
    line("anchor_authority=", *report.authority);
    line("external_anchor_sink_configured=", boolean(report.sink_configured));
    line("external_anchor_authority=", boolean(report.external_authority));
    line("anchor_sink_reason=", *report.sink_reason);
  }
  for (const std::string& note : report.notes) line(printable(note));
  if (!report.decision) return out;
  line("policy_outcome=", trust::outcome_name(report.decision->final_outcome));
  for (const trust::Contribution& vote : report.decision->contributing) {
    line("policy_contributing=", vote.rule_id, " outcome=", trust::outcome_name(vote.outcome),
         " reason=", printable(vote.reason));
  }
  return out;
}

app::AnchorRequest anchor_request(const Context& context, app::Layout layout) {
  const Invocation& flags = context.invocation;
  app::AnchorRequest request;
  request.layout = std::move(layout);
  request.sink = app::parse_anchor_sink(flags.optional("sink").value_or("local-only"))
                     .value_or(app::AnchorSink::kLocalOnly);
  request.output = flags.optional("output");
  request.history = flags.optional("history");
  request.sink_path = flags.optional("sink-path");
  request.endpoint = flags.optional("sink-endpoint");
  request.receipt = flags.optional("sink-receipt");
  request.receipt_history = flags.optional("sink-receipt-history");
  request.receipt_in = flags.optional("sink-receipt-in");
  request.bitcoin_header = flags.optional("bitcoin-header");
  request.trusted_root_path = trusted_root_path(context);
  request.offline = flags.has("offline");
  request.allow_pending = flags.has("allow-pending");
  request.strict = flags.has("strict");
  request.live = timestamps_live(context);
  request.header_providers =
      app::header_providers(context.environment.get("CORTEX_OTS_BTC_HEADER_PROVIDERS"));
  return request;
}

}  // namespace

std::string trusted_root_path(const Context& context) {
  const auto folder = app::default_data_dir(context.environment);
  return folder.ok() ? cat(*folder, "/trusted_root.json") : "trusted_root.json";
}

bool timestamps_live(const Context& context) {
  return trim(context.environment.get("CORTEX_OTS_LIVE").value_or("")) == "1";
}

Outcome run_audit_anchor(const Context& context) {
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  const app::AnchorReport report =
      app::audit_anchor(context.services, anchor_request(context, *layout));
  Outcome outcome;
  outcome.code = report.code;
  outcome.report = to_json(report);
  if (report.decision) outcome.policy_outcome = json::sorted(trust::to_json(*report.decision));
  for (const std::string& line : report.results) outcome.text += printable(line) + "\n";
  const bool silent = report.sink == app::AnchorSink::kRekor;
  if (report.anchor && !silent) outcome.text += anchor_text(*report.anchor);
  outcome.diagnostics = anchor_lines(report);
  if (report.error) {
    outcome.diagnostics += error_line(context.invocation.command->path, *report.error);
  }
  return outcome;
}

Outcome run_audit_export(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto layout = context.layout();
  if (!layout.ok()) return failed(context, layout.error());
  app::ExportRequest request{.layout = *layout, .local_diagnostic = flags.has("local-diagnostic")};
  request.surface = app::parse_export_surface(flags.optional("surface").value_or("audit-export"))
                        .value_or(app::ExportSurface::kAuditExport);
  const app::ExportReport report = app::audit_export(context.services, request);
  Outcome outcome;
  outcome.code = report.code;
  outcome.report = to_json(report);
  if (report.decision) outcome.policy_outcome = json::sorted(trust::to_json(*report.decision));
  if (report.code == Code::kOk) outcome.text = json::write_pretty(report.artifact) + "\n";
  if (report.error) {
    outcome.diagnostics = error_line(context.invocation.command->path, *report.error);
  }
  return outcome;
}

Outcome run_refresh_trust(const Context& context) {
  const Invocation& flags = context.invocation;
  const auto folder = app::default_data_dir(context.environment);
  if (!folder.ok() && !flags.has("cache-path")) return failed(context, folder.error());
  const app::RefreshReport report = app::refresh_trust(
      context.services,
      {.url = flags.optional("url").value_or(app::kTrustedRootUrl),
       .cache_path = flags.optional("cache-path").value_or(trusted_root_path(context)),
       .tuf_root = flags.optional("tuf-root")});
  Outcome outcome;
  outcome.code = report.code;
  outcome.report = to_json(report);
  for (const std::string& note : report.notes) {
    outcome.diagnostics += cat("note: ", printable(note), "\n");
  }
  if (report.error) {
    outcome.diagnostics += error_line(context.invocation.command->path, *report.error);
  }
  if (!context.json()) {
    outcome.diagnostics += cat("audit refresh-trust: invariant=", report.invariant(), "\n");
  }
  return outcome;
}

}  // namespace cortex::cli
