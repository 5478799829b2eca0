#include "trust/claim.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace cortex::trust {
namespace {

using enum ClaimCeiling;

struct KindRow {
  std::string_view token, name;
  ClaimCeiling required;
};
constexpr std::array<KindRow, 8> kClaimKinds{{
    {"diagnostic", "Diagnostic", kDevOnly},
    {"advisory", "Advisory", kDevOnly},
    {"trusted_history", "TrustedHistory", kSignedLocalLedger},
    {"export", "Export", kExternallyAnchored},
    {"promotion", "Promotion", kAuthorityGrade},
    {"release_readiness", "ReleaseReadiness", kAuthorityGrade},
    {"compliance_evidence", "ComplianceEvidence", kAuthorityGrade},
    {"cross_system_trust", "CrossSystemTrust", kAuthorityGrade},
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

void downgrade(ReportableClaim& claim, ClaimCeiling ceiling, std::string reason) {
  claim.facts.requested = std::min(claim.facts.requested, ceiling);
  claim.effective = claim.facts.effective();
  claim.downgrade_reasons.push_back(std::move(reason));
}

ReportableClaim mix(std::string claim, const ReportableClaim& a, const ReportableClaim& b) {
  ReportableClaim out;
  out.claim = std::move(claim);
  out.facts = {std::min(a.facts.runtime_mode, b.facts.runtime_mode),
               std::min(a.facts.proof_state, b.facts.proof_state),
               std::min(a.facts.authority_class, b.facts.authority_class),
               std::min(a.facts.requested, b.facts.requested)};
  out.effective = std::min(a.effective, b.effective);
  out.downgrade_reasons = a.downgrade_reasons;
  out.downgrade_reasons.insert(out.downgrade_reasons.end(), b.downgrade_reasons.begin(),
                               b.downgrade_reasons.end());
  out.downgrade_reasons.emplace_back("mixed claim downgraded to the weaker of its parts");
  return out;
}

std::string_view claim_kind_token(ClaimKind kind) { return row_of(kind).token; }
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
