#include "trust/closure.h"

#include <algorithm>
#include <array>

#include "trust/enum_index.h"

namespace cortex::trust {
namespace {

struct ClosureNames {
  std::string_view token, name;
};

constexpr std::array<ClosureNames, 4> kClosureStates{
    {{"unknown", "Unknown"},
     {"broken", "Broken"},
     {"partial", "Partial"},
     {"full_chain_verified", "FullChainVerified"}}};
constexpr std::array<ClosureNames, 7> kEdgeKinds{{{"hash_chain", "HashChain"},
                                                  {"signature", "Signature"},
                                                  {"identity_rotation", "IdentityRotation"},
                                                  {"external_anchor", "ExternalAnchor"},
                                                  {"lineage_closure", "LineageClosure"},
                                                  {"authority_fold", "AuthorityFold"},
                                                  {"context_pack_link", "ContextPackLink"}}};
constexpr std::array<ClosureNames, 6> kFailures{{{"missing", "Missing"},
                                                 {"unresolved", "Unresolved"},
                                                 {"mismatch", "Mismatch"},
                                                 {"invalid_signature", "InvalidSignature"},
                                                 {"anchor_mismatch", "AnchorMismatch"},
                                                 {"authority_mismatch", "AuthorityMismatch"}}};

}  // namespace

std::string_view proof_state_token(ProofState state) { return kClosureStates[index(state)].token; }
std::string_view proof_state_name(ProofState state) { return kClosureStates[index(state)].name; }
std::string_view edge_kind_token(EdgeKind kind) { return kEdgeKinds[index(kind)].token; }
std::string_view edge_kind_name(EdgeKind kind) { return kEdgeKinds[index(kind)].name; }
std::string_view edge_failure_token(EdgeFailure failure) { return kFailures[index(failure)].token; }
std::string_view edge_failure_name(EdgeFailure failure) { return kFailures[index(failure)].name; }

ProofState Closure::state() const {
  if (failing.empty()) return ProofState::kFullChainVerified;
  const auto is_gap = [](const FailingEdge& edge) {
    return edge.failure == EdgeFailure::kMissing || edge.failure == EdgeFailure::kUnresolved;
  };
  return std::ranges::all_of(failing, is_gap) ? ProofState::kPartial : ProofState::kBroken;
}

json::Value to_json(const Closure& closure) {
  json::Array verified, failing;
  for (const VerifiedEdge& edge : closure.verified) {
    verified.emplace_back(json::Object{{"kind", edge_kind_token(edge.kind)},
                                       {"from_ref", edge.from_ref},
                                       {"to_ref", edge.to_ref},
                                       {"evidence_ref", edge.evidence_ref}});
  }
  for (const FailingEdge& edge : closure.failing) {
    failing.emplace_back(json::Object{{"kind", edge_kind_token(edge.kind)},
                                      {"from_ref", edge.from_ref},
                                      {"to_ref", edge.to_ref},
                                      {"failure", edge_failure_token(edge.failure)},
                                      {"reason", edge.reason}});
  }
  return json::Object{{"proof_state", proof_state_token(closure.state())},
                      {"verified_edges", std::move(verified)},
                      {"failing_edges", std::move(failing)}};
}

}  // namespace cortex::trust
