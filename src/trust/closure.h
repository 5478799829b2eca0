// Proof closure: which links of an argument were verified and which failed. Pure data and rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"

namespace cortex::trust {

enum class ProofState : std::uint8_t { kUnknown, kBroken, kPartial, kFullChainVerified };

std::string_view proof_state_token(ProofState state);  // "full_chain_verified"
std::string_view proof_state_name(ProofState state);   // "FullChainVerified"

enum class EdgeKind : std::uint8_t {
  kHashChain,
  kSignature,
  kIdentityRotation,
  kExternalAnchor,
  kLineageClosure,
  kAuthorityFold,
  kContextPackLink,
};

std::string_view edge_kind_token(EdgeKind kind);  // "hash_chain"
std::string_view edge_kind_name(EdgeKind kind);   // "HashChain"

enum class EdgeFailure : std::uint8_t {
  kMissing,
  kUnresolved,
  kMismatch,
  kInvalidSignature,
  kAnchorMismatch,
  kAuthorityMismatch,
};

std::string_view edge_failure_token(EdgeFailure failure);  // "invalid_signature"
std::string_view edge_failure_name(EdgeFailure failure);   // "InvalidSignature"

struct VerifiedEdge {
  EdgeKind kind = EdgeKind::kHashChain;
  std::string from_ref, to_ref, evidence_ref;
};

struct FailingEdge {
  EdgeKind kind = EdgeKind::kHashChain;
  std::string from_ref, to_ref;
  EdgeFailure failure = EdgeFailure::kMismatch;
  std::string reason;
};

struct Closure {
  std::vector<VerifiedEdge> verified;
  std::vector<FailingEdge> failing;

  // Without failing edges full_chain_verified; broken when something contradicts; partial when
  // something is only missing or unresolved.
  ProofState state() const;
};

// {proof_state, verified_edges, failing_edges}
json::Value to_json(const Closure& closure);

}  // namespace cortex::trust
