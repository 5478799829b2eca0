#include "trust/ceiling.h"

#include <algorithm>
#include <array>

#include "trust/enum_index.h"

namespace cortex::trust {
namespace {

using enum ClaimCeiling;

struct Row {
  std::string_view token;
  ClaimCeiling ceiling;
};

constexpr std::array<Row, 7> kModes{{{"unknown", kDevOnly},
                                     {"dev", kDevOnly},
                                     {"remote_unsigned", kLocalUnsigned},
                                     {"local_unsigned", kLocalUnsigned},
                                     {"signed_local_ledger", kSignedLocalLedger},
                                     {"externally_anchored", kExternallyAnchored},
                                     {"authority_grade", kAuthorityGrade}}};
constexpr std::array<Row, 5> kCeilingClasses{{{"untrusted", kDevOnly},
                                              {"derived", kLocalUnsigned},
                                              {"observed", kLocalUnsigned},
                                              {"verified", kSignedLocalLedger},
                                              {"operator", kAuthorityGrade}}};
struct CeilingNames {
  std::string_view token, name;
};
constexpr std::array<CeilingNames, 5> kCeilingNames{{{"dev_only", "DevOnly"},
                                                     {"local_unsigned", "LocalUnsigned"},
                                                     {"signed_local_ledger", "SignedLocalLedger"},
                                                     {"externally_anchored", "ExternallyAnchored"},
                                                     {"authority_grade", "AuthorityGrade"}}};
// In the order of ProofState: unknown, broken, partial, full_chain_verified.
constexpr std::array<ClaimCeiling, 4> kProofs{kDevOnly, kDevOnly, kLocalUnsigned, kAuthorityGrade};

}  // namespace

std::string_view runtime_mode_token(RuntimeMode mode) { return kModes[index(mode)].token; }
std::string_view authority_class_token(AuthorityClass authority) {
  return kCeilingClasses[index(authority)].token;
}
std::string_view claim_ceiling_token(ClaimCeiling ceiling) {
  return kCeilingNames[index(ceiling)].token;
}
std::string_view claim_ceiling_name(ClaimCeiling ceiling) {
  return kCeilingNames[index(ceiling)].name;
}

ClaimCeiling ceiling_of(RuntimeMode mode) { return kModes[index(mode)].ceiling; }
ClaimCeiling ceiling_of(AuthorityClass authority) {
  return kCeilingClasses[index(authority)].ceiling;
}
ClaimCeiling ceiling_of(ProofState proof) { return kProofs[index(proof)]; }
ClaimCeiling ceiling_of(Outcome outcome) {
  return outcome >= Outcome::kQuarantine ? kDevOnly : kAuthorityGrade;
}

ClaimCeiling TruthCeiling::effective() const {
  return std::min(
      {ceiling_of(runtime_mode), ceiling_of(authority_class), ceiling_of(proof_state), requested});
}

}  // namespace cortex::trust
