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
// Lowers what is requested to `ceiling` at most; the reason is kept also when nothing changed.
void downgrade(ReportableClaim& claim, ClaimCeiling ceiling, std::string reason);
// The weaker of both in every respect, under a new text.
ReportableClaim mix(std::string claim, const ReportableClaim& a, const ReportableClaim& b);

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

std::string_view claim_kind_token(ClaimKind kind);
ClaimCeiling required_ceiling(ClaimKind kind);

// Whether the claim may be made as one of this kind; when not, the reason is added to it.
bool admit_as(ReportableClaim& claim, ClaimKind kind);

}  // namespace cortex::trust
