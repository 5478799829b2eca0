// `audit export`: what may be said of this ledger elsewhere. A conservative summary; rows that
// forbid it block it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "trust/policy.h"

namespace cortex::app {

enum class ExportSurface : std::uint8_t {
  kAuditExport,
  kComplianceEvidence,
  kCrossSystemTrustDecision,
  kExternalReporting,
};
std::optional<ExportSurface> parse_export_surface(std::string_view flag);  // "audit-export"
std::string_view export_surface_token(ExportSurface surface);              // "audit_export"

// How a row stands to a use (docs/formats.md, "Export").
enum class RowUse : std::uint8_t { kAllowed, kUnlabelled, kDenied };
// `payload`: JSON as it stands in the ledger, `depth` containers deep.
RowUse row_use(std::string_view payload, int depth, std::string_view use);

struct ExportRequest {
  Layout layout;
  ExportSurface surface = ExportSurface::kAuditExport;
  bool local_diagnostic = false;
};

struct ExportReport {
  Code code = Code::kOk;
  std::optional<Error> error;               // present unless `code` is kOk
  std::optional<trust::Decision> decision;  // absent: the ledger is not sound
  json::Value artifact;                     // of a run that ends well
};

// Reads the ledger once; writes nothing. Ids of blocked rows are kept (they are listed), so memory
// grows with those.
ExportReport audit_export(Services& services, const ExportRequest& request);

json::Value to_json(const ExportReport& report);

}  // namespace cortex::app
