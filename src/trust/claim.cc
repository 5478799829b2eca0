#include "trust/claim.h"

#include <array>
#include <utility>

#include "base/text.h"

namespace cortex::trust {
namespace {

using enum ClaimCeiling;

struct KindRow {
  std::string_view name;
  ClaimCeiling required;
};
constexpr std::array<KindRow, 8> kClaimKinds{{
    {"Diagnostic", kDevOnly},
    {"Advisory", kDevOnly},
    {"TrustedHistory", kSignedLocalLedger},
    {"Export", kExternallyAnchored},
    {"Promotion", kAuthorityGrade},
    {"ReleaseReadiness", kAuthorityGrade},
    {"ComplianceEvidence", kAuthorityGrade},
    {"CrossSystemTrust", kAuthorityGrade},
}};

const KindRow& row_of(ClaimKind kind) { return kClaimKinds[static_cast<std::size_t>(kind)]; }

}  // namespace

ReportableClaim make_claim(std::string claim, const TruthCeiling& facts) {
  ReportableClaim out{std::move(claim), facts, facts.effective(), {}};
  if (out.effective < facts.requested) {
    out.downgrade_reasons.push_back(cat("requested ceiling ", claim_ceiling_name(facts.requested),
                                        " downgraded to ", claim_ceiling_name(out.effective)));
  }
  if (facts.proof_state != ProofState::kFullChainVerified) {
    out.downgrade_reasons.push_back(
        cat("proof state ", proof_state_name(facts.proof_state), " limits authority claims"));
  }
  return out;
}

ClaimCeiling required_ceiling(ClaimKind kind) { return row_of(kind).required; }

bool admit_as(ReportableClaim& claim, ClaimKind kind) {
  const KindRow& row = row_of(kind);
  if (claim.effective >= row.required) return true;
  claim.downgrade_reasons.push_back(cat(row.name, " requires ", claim_ceiling_name(row.required),
                                        ", but effective ceiling is ",
                                        claim_ceiling_name(claim.effective)));
  return false;
}

}  // namespace cortex::trust
