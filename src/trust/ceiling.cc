#include "trust/ceiling.h"

#include <algorithm>
#include <array>

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
constexpr std::array<Row, 5> kClasses{{{"untrusted", kDevOnly},
                                       {"derived", kLocalUnsigned},
                                       {"observed", kLocalUnsigned},
                                       {"verified", kSignedLocalLedger},
                                       {"operator", kAuthorityGrade}}};
constexpr std::array<std::string_view, 5> kCeilings{
    "dev_only", "local_unsigned", "signed_local_ledger", "externally_anchored", "authority_grade"};
// In the order of ProofState: unknown, broken, partial, full_chain_verified.
constexpr std::array<ClaimCeiling, 4> kProofs{kDevOnly, kDevOnly, kLocalUnsigned, kAuthorityGrade};

template <class E>
std::size_t index(E value) {
  return static_cast<std::size_t>(value);
}

}  // namespace

std::string_view runtime_mode_token(RuntimeMode mode) { return kModes[index(mode)].token; }
std::string_view authority_class_token(AuthorityClass authority) {
  return kClasses[index(authority)].token;
}
std::string_view claim_ceiling_token(ClaimCeiling ceiling) { return kCeilings[index(ceiling)]; }

ClaimCeiling TruthCeiling::effective() const {
  return std::min({kModes[index(runtime_mode)].ceiling, kClasses[index(authority_class)].ceiling,
                   kProofs[index(proof_state)], requested});
}

}  // namespace cortex::trust
