#include "trust/semantic.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "trust/enum_index.h"

namespace cortex::trust {
namespace {

using enum ClaimCeiling;

struct ProvenanceRow {
  std::string_view token;
  bool corroborates;
  ClaimCeiling ceiling;
};
constexpr std::array<ProvenanceRow, 7> kProvenance{{
    {"unknown_provenance", false, kDevOnly},
    {"simulated_or_hypothetical", false, kDevOnly},
    {"external_claimed", false, kLocalUnsigned},
    {"summary_derived", false, kLocalUnsigned},
    {"runtime_derived", false, kLocalUnsigned},
    {"tool_observed", true, kAuthorityGrade},
    {"operator_attested", true, kAuthorityGrade},
}};

struct TrustRow {
  std::string_view token;
  ClaimCeiling ceiling;
};
constexpr std::array<TrustRow, 5> kTrust{{{"unknown", kDevOnly},
                                          {"candidate_only", kLocalUnsigned},
                                          {"single_family", kLocalUnsigned},
                                          {"corroborated", kSignedLocalLedger},
                                          {"falsification_tested", kAuthorityGrade}}};

// Outcome by use: with unknowns; without a corroborating source; below falsification_tested; else.
struct UseRow {
  std::string_view token;
  Outcome unknown, uncorroborated, untested, otherwise;
};
constexpr std::array<UseRow, 5> kUses{{
    {"candidate_memory", Outcome::kWarn, Outcome::kAllow, Outcome::kAllow, Outcome::kAllow},
    {"default_context", Outcome::kQuarantine, Outcome::kWarn, Outcome::kAllow, Outcome::kAllow},
    {"advisory_doctrine", Outcome::kQuarantine, Outcome::kWarn, Outcome::kAllow, Outcome::kAllow},
    {"high_force_doctrine", Outcome::kReject, Outcome::kReject, Outcome::kReject, Outcome::kAllow},
    {"trusted_external_use", Outcome::kReject, Outcome::kReject, Outcome::kReject, Outcome::kAllow},
}};

SemanticTrust trust_of(const SemanticInput& input, bool unknown, bool corroborated) {
  if (unknown) return SemanticTrust::kUnknown;
  if (input.independent_families < 2 || !corroborated) return SemanticTrust::kSingleFamily;
  return input.falsification_evidence ? SemanticTrust::kFalsificationTested
                                      : SemanticTrust::kCorroborated;
}

struct AuthorityRow {
  std::string_view authority;
  AuthorityLabels labels;
};
constexpr AuthorityLabels kAttested{AuthorityClass::kOperator, Provenance::kOperatorAttested,
                                    SemanticTrust::kSingleFamily};
constexpr AuthorityLabels kObserved{AuthorityClass::kObserved, Provenance::kToolObserved,
                                    SemanticTrust::kSingleFamily};
constexpr std::array<AuthorityRow, 4> kAuthorities{
    {{"user", kAttested}, {"operator", kAttested}, {"tool", kObserved}, {"system", kObserved}}};

}  // namespace

std::string_view provenance_token(Provenance provenance) {
  return kProvenance[index(provenance)].token;
}
std::string_view semantic_trust_token(SemanticTrust trust) { return kTrust[index(trust)].token; }
std::string_view intended_use_token(IntendedUse use) { return kUses[index(use)].token; }
ClaimCeiling ceiling_of(Provenance provenance) { return kProvenance[index(provenance)].ceiling; }
ClaimCeiling ceiling_of(SemanticTrust trust) { return kTrust[index(trust)].ceiling; }
bool can_corroborate(Provenance provenance) { return kProvenance[index(provenance)].corroborates; }

SemanticReport evaluate(const SemanticInput& input) {
  SemanticReport report;
  const auto& sources = input.provenance;
  if (!sources.empty()) report.weakest = *std::ranges::min_element(sources);
  const bool unknown =
      sources.empty() || input.unresolved_unknowns || report.weakest == Provenance::kUnknown;
  const bool corroborated = std::ranges::any_of(sources, can_corroborate);
  report.trust = trust_of(input, unknown, corroborated);
  const UseRow& row = kUses[index(input.use)];
  report.outcome = unknown                                              ? row.unknown
                   : !corroborated                                      ? row.uncorroborated
                   : report.trust < SemanticTrust::kFalsificationTested ? row.untested
                                                                        : row.otherwise;
  report.ceiling =
      std::min({ceiling_of(report.weakest), ceiling_of(report.trust), ceiling_of(report.outcome)});
  report.reason = cat("semantic trust ", semantic_trust_token(report.trust), " from ",
                      counted(sources.size(), "source"), ", weakest ",
                      provenance_token(report.weakest), ", for ", row.token);
  return report;
}

AuthorityLabels labels_of_authority(std::string_view authority) {
  const auto* row = std::ranges::find(kAuthorities, authority, &AuthorityRow::authority);
  return row == kAuthorities.end() ? AuthorityLabels{} : row->labels;
}

}  // namespace cortex::trust
