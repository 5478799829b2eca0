// Claims that may be reported: a text, the facts that limit it, and why it was lowered. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trust/ceiling.h"

namespace cortex::trust {

// `effective` always follows from `facts`; nothing raises it.
struct ReportableClaim {
  std::string claim;
  TruthCeiling facts;
  ClaimCeiling effective = ClaimCeiling::kDevOnly;
  std::vector<std::string> downgrade_reasons;
};

ReportableClaim make_claim(std::string claim, const TruthCeiling& facts);
enum class ClaimKind : std::uint8_t {
  kDiagnostic,
  kAdvisory,
  kTrustedHistory,
  kExport,
  kPromotion,
  kReleaseReadiness,
  kComplianceEvidence,
  kCrossSystemTrust,
};

ClaimCeiling required_ceiling(ClaimKind kind);

// Whether the claim may be made as one of this kind; when not, the reason is added to it.
bool admit_as(ReportableClaim& claim, ClaimKind kind);

}  // namespace cortex::trust
