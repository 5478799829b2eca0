#include "app/audit_export.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/audit.h"
#include "app/temporal_vote.h"
#include "base/text.h"
#include "core/ids.h"
#include "ledger/tail.h"
#include "ledger/verify.h"

namespace cortex::app {
namespace {

using trust::Outcome;

struct SurfaceRow {
  ExportSurface surface;
  std::string_view flag;
  std::string_view token;
};
constexpr SurfaceRow kSurfaces[] = {
    {ExportSurface::kAuditExport, "audit-export", "audit_export"},
    {ExportSurface::kComplianceEvidence, "compliance-evidence", "compliance_evidence"},
    {ExportSurface::kCrossSystemTrustDecision, "cross-system-trust-decision",
     "cross_system_trust_decision"},
    {ExportSurface::kExternalReporting, "external-reporting", "external_reporting"},
};

struct Scan {
  std::uint64_t rows = 0;
  std::uint64_t unlabelled = 0;
  std::vector<std::string> denied;  // event ids
  std::set<std::string, std::less<>> signers;
};

Error not_exported(Error error) {
  error.unchanged = "nothing was exported";
  return error;
}

Result<Scan> scan(Services& services, const ExportRequest& request) {
  CORTEX_ASSIGN(const auto file, open_audited(services, request.layout.event_log_path));
  auto size = ledger::settled_size(*file);
  if (!size.ok()) return with_code(std::move(size).error(), Code::kPrecondition);
  Scan out;
  const std::string_view use = export_surface_token(request.surface);
  auto on_row = [&](const core::DecodedEvent& row, std::uint64_t) -> Status {
    const RowUse kind = row_use(row.raw_payload, row.payload_depth, use);
    if (kind == RowUse::kUnlabelled) ++out.unlabelled;
    if (kind == RowUse::kDenied) {
      out.denied.push_back(core::id_text(core::IdKind::kEvent, row.event.id));
    }
    return {};
  };
  auto chain = ledger::verify_chain(*file, *size, {.on_row = {on_row}});
  if (!chain.ok()) {
    Error error = std::move(chain).error();
    return error.code == Code::kChain ? error : with_code(std::move(error), Code::kPrecondition);
  }
  if (!chain->closed()) {
    const ledger::Failure& first = chain->failures.front();
    Error error = make_error(Code::kIntegrity, cat("the chain is broken at line ", first.file_line,
                                                   " (", first.event_id, "): ", first.reason));
    error.next = "run `cortex audit verify`";
    return error;
  }
  out.rows = chain->rows;
  out.signers = std::move(chain->signers);
  return out;
}

trust::Decision decide(Services& services, const ExportRequest& request, const Scan& seen) {
  const bool diagnostic = request.local_diagnostic;
  const bool free_surface = diagnostic || request.surface == ExportSurface::kAuditExport;
  Outcome rows = Outcome::kAllow;
  if (!seen.denied.empty()) rows = diagnostic ? Outcome::kWarn : Outcome::kReject;
  return trust::compose(
      {{"audit.export.development_ledger", rows,
        seen.denied.empty() ? "no row forbids this use"
                            : cat(counted(seen.denied.size(), "row"), " may not be used for ",
                                  export_surface_token(request.surface))},
       {"audit.export.signed_local_class", free_surface ? Outcome::kWarn : Outcome::kReject,
        free_surface ? "a local ledger supports a summary for people only"
                     : "a local ledger carries no authority for this surface"},
       {"audit.export.proof_closure", Outcome::kQuarantine,
        "the proof is partial: nothing outside witnesses the ledger"},
       temporal_vote(services, request.layout, "export", seen.signers)});
}

json::Array votes_json(const std::vector<trust::Contribution>& votes) {
  json::Array out;
  for (const trust::Contribution& vote : votes) {
    out.emplace_back(
        json::Object{{"break_glass_override_allowed", vote.break_glass_override_allowed},
                     {"outcome", trust::outcome_token(vote.outcome)},
                     {"reason", vote.reason},
                     {"rule_id", vote.rule_id}});
  }
  return out;
}

std::string_view artifact_kind(const ExportRequest& request, const Scan& seen) {
  if (!request.local_diagnostic) return "audit_summary";
  return seen.denied.empty() ? "local_diagnostic" : "development_ledger_diagnostic";
}

json::Value artifact_of(const ExportRequest& request, const Scan& seen,
                        const trust::Decision& decision) {
  json::Array uses;
  for (const SurfaceRow& row : kSurfaces) uses.emplace_back(row.token);
  return json::sorted(json::Object{
      {"artifact_kind", artifact_kind(request, seen)},
      {"artifact_schema", "cortex.audit_export.v1"},
      {"authority_preflight_allowed", false},
      {"authority_preflight_reason",
       cat("policy outcome ", trust::outcome_name(decision.final_outcome),
           " fails closed for Export")},
      {"claim_allowed", true},
      {"claim_ceiling", "local_unsigned"},
      {"development_event_ids", json::array_of(seen.denied)},
      {"development_ledger_rows", seen.denied.size()},
      {"downgrade_reasons", json::Array{"proof state Partial limits authority claims"}},
      {"forbidden_uses_enforced", std::move(uses)},
      {"path", request.layout.event_log_path},
      {"policy_contributing", votes_json(decision.contributing)},
      {"policy_discarded", votes_json(decision.discarded)},
      {"policy_outcome", trust::outcome_token(decision.final_outcome)},
      {"proof_state", "partial"},
      {"requested_surface", export_surface_token(request.surface)},
      {"rows_scanned", seen.rows},
      {"runtime_mode", "local_unsigned"},
      {"trusted_run_history", false},
      {"unlabelled_rows", seen.unlabelled}});
}

void refuse(ExportReport& report, std::string message, std::string next) {
  report.code = Code::kPrecondition;
  report.error = not_exported(make_error(Code::kPrecondition, std::move(message)));
  report.error->next = std::move(next);
}

}  // namespace

std::optional<ExportSurface> parse_export_surface(std::string_view flag) {
  const auto* row = std::ranges::find(kSurfaces, flag, &SurfaceRow::flag);
  if (row == std::end(kSurfaces)) return std::nullopt;
  return row->surface;
}

std::string_view export_surface_token(ExportSurface surface) {
  return std::ranges::find(kSurfaces, surface, &SurfaceRow::surface)->token;
}

RowUse row_use(std::string_view payload, int depth, std::string_view use) {
  // Cheap and nearly always enough; an escape may hide a name.
  const bool labelled = payload.find("forbidden_uses") != std::string_view::npos ||
                        payload.find("ledger_authority") != std::string_view::npos ||
                        payload.find('\\') != std::string_view::npos;
  if (!labelled) return RowUse::kUnlabelled;
  const auto document = json::parse(payload, depth);
  if (!document.ok() || document->as_object() == nullptr) return RowUse::kUnlabelled;
  const json::Value* forbidden = document->find("forbidden_uses");
  if (forbidden != nullptr && forbidden->as_array() != nullptr) {
    for (const json::Value& value : *forbidden->as_array()) {
      if (value.as_string() != nullptr && *value.as_string() == use) return RowUse::kDenied;
    }
  }
  const json::Value* authority_value = document->find("ledger_authority");
  const json::Value* signed_value = document->find("signed_ledger_authority");
  const std::string* authority =
      authority_value == nullptr ? nullptr : authority_value->as_string();
  const bool* is_signed = signed_value == nullptr ? nullptr : signed_value->as_bool();
  const std::string name = authority == nullptr ? "" : *authority;
  if (name == "development" || name == "signed_local" || (is_signed != nullptr && !*is_signed)) {
    return RowUse::kDenied;
  }
  const bool outside = name == "externally_anchored" || name == "authority_grade";
  if (is_signed != nullptr && !outside) return RowUse::kDenied;
  return forbidden == nullptr && authority == nullptr && is_signed == nullptr ? RowUse::kUnlabelled
                                                                              : RowUse::kAllowed;
}

ExportReport audit_export(Services& services, const ExportRequest& request) {
  ExportReport report;
  const auto seen = scan(services, request);
  if (!seen.ok()) {
    report.code = seen.error().code;
    report.error = not_exported(seen.error());
    return report;
  }
  report.decision = decide(services, request, *seen);
  if (!request.local_diagnostic && !seen->denied.empty()) {
    refuse(report,
           cat(counted(seen->denied.size(), "row"), " may not be used for ",
               export_surface_token(request.surface), ", the first is ", seen->denied.front()),
           "see them with --local-diagnostic");
  } else if (!request.local_diagnostic && request.surface != ExportSurface::kAuditExport) {
    refuse(report,
           cat("a local ledger carries no authority for ", export_surface_token(request.surface)),
           "export for audit-export, or look with --local-diagnostic");
  } else {
    report.artifact = artifact_of(request, *seen, *report.decision);
  }
  return report;
}

json::Value to_json(const ExportReport& report) {
  if (report.code == Code::kOk) return report.artifact;
  json::Object out{{"detail", report.error->text()}};
  if (report.decision) {
    out.add("policy_contributing", votes_json(report.decision->contributing));
    out.add("policy_discarded", votes_json(report.decision->discarded));
    out.add("policy_outcome", trust::outcome_token(report.decision->final_outcome));
  }
  out.add("status", "error");
  return out;
}

}  // namespace cortex::app
