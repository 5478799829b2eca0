// What an axiom runtime says of its work, in words of ours: the role that an element may play, how
// far it is proven, what may be claimed of it at most, and what whoever uses it must keep to
// (docs/formats.md, 15.4). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "trust/ceiling.h"

namespace cortex::trust {

// Words from the lists in claim_language.cc.
struct AxiomElement {
  std::string kind;           // "completion_criterion", ...
  std::string status;         // "supported", ...
  std::string evidence_kind;  // "observed", ...
  std::string label{}, statement{};
  std::vector<std::string> evidence_refs{}, capability_refs{}, residual_risks{};
  ClaimCeiling requested = ClaimCeiling::kLocalUnsigned;
};

// An array of elements, or an object with one below "elements". Members that are not known are
// ignored. Errors: kQuarantined, with the element and the member that does not fit.
Result<std::vector<AxiomElement>> read_elements(const json::Value& document);

struct ElementConstraint {
  std::string_view kind, severity, message;
};

struct MappedElement {
  std::string_view role;  // "candidate_claim", ...
  ProofState proof = ProofState::kUnknown;
  ClaimCeiling ceiling = ClaimCeiling::kDevOnly;
  std::vector<ElementConstraint> constraints;  // in the order of the rules
};

// `element` is as read_elements() gives it. Never a whole proof: nobody here has looked at what the
// references name.
MappedElement map_element(const AxiomElement& element);

// The element and what became of it, members sorted.
json::Value to_json(const AxiomElement& element, const MappedElement& mapped);

}  // namespace cortex::trust
