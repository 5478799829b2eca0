// Claim ceilings: the most that may be claimed of an answer, given how it came about. Pure tables.
#pragma once

#include <cstdint>
#include <string_view>

#include "trust/closure.h"
#include "trust/policy.h"

namespace cortex::trust {

enum class RuntimeMode : std::uint8_t {
  kUnknown,
  kDev,
  kRemoteUnsigned,
  kLocalUnsigned,
  kSignedLocalLedger,
  kExternallyAnchored,
  kAuthorityGrade,
};

enum class AuthorityClass : std::uint8_t { kUntrusted, kDerived, kObserved, kVerified, kOperator };

// Weakest first: the order is the comparison order.
enum class ClaimCeiling : std::uint8_t {
  kDevOnly,
  kLocalUnsigned,
  kSignedLocalLedger,
  kExternallyAnchored,
  kAuthorityGrade,
};

std::string_view runtime_mode_token(RuntimeMode mode);
std::string_view authority_class_token(AuthorityClass authority);
std::string_view claim_ceiling_token(ClaimCeiling ceiling);
std::string_view claim_ceiling_name(ClaimCeiling ceiling);  // "LocalUnsigned", in free text

// The most that one fact by itself allows.
ClaimCeiling ceiling_of(RuntimeMode mode);
ClaimCeiling ceiling_of(AuthorityClass authority);
ClaimCeiling ceiling_of(ProofState proof);
ClaimCeiling ceiling_of(Outcome outcome);

// The four facts that every report carries.
struct TruthCeiling {
  RuntimeMode runtime_mode = RuntimeMode::kLocalUnsigned;
  ProofState proof_state = ProofState::kUnknown;
  AuthorityClass authority_class = AuthorityClass::kObserved;
  ClaimCeiling requested = ClaimCeiling::kLocalUnsigned;

  // The minimum of what each of them allows.
  ClaimCeiling effective() const;
};

}  // namespace cortex::trust
