#include "trust/claim_language.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace cortex::trust {
namespace {

struct ElementKind {
  std::string_view word, role;
  bool needs_anchor = false;
};
constexpr std::array<ElementKind, 7> kElementKinds{
    {{"completion_criterion", "candidate_claim", true},
     {"anti_criterion", "candidate_claim"},
     {"hypothesis", "candidate_claim", true},
     {"decision", "candidate_claim", true},
     {"capability", "capability_reference"},
     {"evidence", "evidence_reference", true},
     {"residual_risk", "residual_risk"}}};

struct ElementStatus {
  std::string_view word;
  ProofState with_refs = ProofState::kUnknown, without = ProofState::kUnknown;
};
constexpr std::array<ElementStatus, 6> kElementStatuses{
    {{"supported", ProofState::kPartial},
     {"invoked", ProofState::kPartial},
     {"partial"},
     {"unknown"},
     {"not_invoked"},
     {"rejected", ProofState::kBroken, ProofState::kBroken}}};

struct ElementEvidence {
  std::string_view word;
  ClaimCeiling ceiling = ClaimCeiling::kDevOnly;
};
constexpr std::array<ElementEvidence, 5> kElementEvidence{
    {{"observed", ClaimCeiling::kLocalUnsigned},
     {"inferred", ClaimCeiling::kLocalUnsigned},
     {"claimed"},
     {"simulated"},
     {"unknown"}}};

constexpr std::array<ClaimCeiling, 5> kRequestable{
    ClaimCeiling::kDevOnly, ClaimCeiling::kLocalUnsigned, ClaimCeiling::kSignedLocalLedger,
    ClaimCeiling::kExternallyAnchored, ClaimCeiling::kAuthorityGrade};

template <class Row, std::size_t N>
const Row* word_row(const std::array<Row, N>& rows, std::string_view word) {
  const auto* found = std::ranges::find(rows, word, &Row::word);
  return found == rows.end() ? nullptr : found;
}

Error invalid_element(std::size_t number, std::string_view what) {
  return make_error(Code::kQuarantined, cat("invalid AXIOM claims: element ", number, ": ", what),
                    "nothing was admitted", "send the claims in the documented shape");
}

// Reads the members of one element.
class ElementReader {
 public:
  ElementReader(const json::Value& element, std::size_t number)
      : element_(element), number_(number) {}

  Status text(std::string_view key, std::string& out) const {
    const std::string* found = element_.find_text(key);
    if (found == nullptr)
      return invalid_element(number_, cat("`", key, "` is missing or no string"));
    out = *found;
    return {};
  }

  template <class Row, std::size_t N>
  Status word(std::string_view key, const std::array<Row, N>& rows, std::string& out) const {
    CORTEX_TRY(text(key, out));
    if (word_row(rows, out) != nullptr) return {};
    return invalid_element(number_, cat("`", key, "` has the unknown value ", quoted(out)));
  }

  // None where the member is missing.
  Status texts(std::string_view key, std::vector<std::string>& out) const {
    const json::Value* found = element_.find(key);
    if (found == nullptr) return {};
    if (found->as_array() == nullptr)
      return invalid_element(number_, cat("`", key, "` is no array"));
    for (const json::Value& one : *found->as_array()) {
      if (one.as_string() == nullptr || is_blank(*one.as_string())) {
        return invalid_element(number_, cat("`", key, "` holds what is blank or no string"));
      }
      out.push_back(*one.as_string());
    }
    return {};
  }

  Status ceiling(std::string_view key, ClaimCeiling& out) const {
    if (element_.find(key) == nullptr) return {};
    std::string word;
    CORTEX_TRY(text(key, word));
    const auto* found = std::ranges::find(kRequestable, word, claim_ceiling_token);
    if (found == kRequestable.end()) {
      return invalid_element(number_, cat("`", key, "` has the unknown value ", quoted(word)));
    }
    out = *found;
    return {};
  }

 private:
  const json::Value& element_;
  std::size_t number_;
};

Result<AxiomElement> read_element(const json::Value& element, std::size_t number) {
  if (element.as_object() == nullptr) return invalid_element(number, "it is no object");
  const ElementReader reader(element, number);
  AxiomElement out;
  CORTEX_TRY(reader.word("axiom_kind", kElementKinds, out.kind));
  CORTEX_TRY(reader.word("status", kElementStatuses, out.status));
  CORTEX_TRY(reader.word("evidence_kind", kElementEvidence, out.evidence_kind));
  CORTEX_TRY(reader.text("axiom_label", out.label));
  CORTEX_TRY(reader.text("statement", out.statement));
  CORTEX_TRY(reader.texts("evidence_refs", out.evidence_refs));
  CORTEX_TRY(reader.texts("capability_refs", out.capability_refs));
  CORTEX_TRY(reader.texts("residual_risks", out.residual_risks));
  CORTEX_TRY(reader.ceiling("requested_ceiling", out.requested));
  return out;
}

// A rule, and whether it speaks.
struct ElementRule {
  bool applies;
  ElementConstraint constraint;
};

}  // namespace

Result<std::vector<AxiomElement>> read_elements(const json::Value& document) {
  const json::Value* below = document.find("elements");
  const json::Array* elements = (below == nullptr ? document : *below).as_array();
  if (elements == nullptr) {
    return make_error(Code::kQuarantined, "invalid AXIOM claims: there is no array of elements",
                      "nothing was admitted", "send the claims in the documented shape");
  }
  std::vector<AxiomElement> out;
  for (const json::Value& element : *elements) {
    CORTEX_ASSIGN(AxiomElement read, read_element(element, out.size() + 1));
    out.push_back(std::move(read));
  }
  return out;
}

MappedElement map_element(const AxiomElement& element) {
  MappedElement out;
  const bool has_refs = !element.evidence_refs.empty();
  const ElementKind* kind = word_row(kElementKinds, element.kind);
  if (kind != nullptr) out.role = kind->role;
  if (const ElementStatus* status = word_row(kElementStatuses, element.status); status != nullptr) {
    out.proof = has_refs ? status->with_refs : status->without;
  }
  const ElementEvidence* evidence = word_row(kElementEvidence, element.evidence_kind);
  out.ceiling =
      std::min({element.requested, evidence == nullptr ? ClaimCeiling::kDevOnly : evidence->ceiling,
                ceiling_of(out.proof)});
  const ElementRule rules[] = {
      {true, {"candidate_only", "hard", "it may become a candidate and nothing more"}},
      {kind != nullptr && kind->needs_anchor && !has_refs,
       {"require_source_anchor", "hard", "no evidence is named: it needs a source anchor"}},
      {element.kind == "capability" && element.capability_refs.empty(),
       {"require_tool_provenance", "hard", "no capability is named: it needs its tool"}},
      {out.proof != ProofState::kFullChainVerified,
       {"proof_state_limit", "limit", "its proof is not whole"}},
      {out.ceiling < element.requested,
       {"truth_ceiling", "limit", "less may be claimed of it than was asked for"}},
  };
  for (const ElementRule& rule : rules) {
    if (rule.applies) out.constraints.push_back(rule.constraint);
  }
  return out;
}

json::Value to_json(const AxiomElement& element, const MappedElement& mapped) {
  json::Array constraints;
  for (const ElementConstraint& one : mapped.constraints) {
    constraints.emplace_back(json::Object{{"kind", one.kind},
                                          {"message", one.message},
                                          {"refs", json::Array{}},
                                          {"severity", one.severity}});
  }
  return json::Object{{"axiom_kind", element.kind},
                      {"axiom_label", element.label},
                      {"capability_refs", json::array_of(element.capability_refs)},
                      {"claim_ceiling", claim_ceiling_token(mapped.ceiling)},
                      {"constraints", std::move(constraints)},
                      {"cortex_role", mapped.role},
                      {"evidence_kind", element.evidence_kind},
                      {"evidence_refs", json::array_of(element.evidence_refs)},
                      {"proof_state", proof_state_token(mapped.proof)},
                      {"residual_risks", json::array_of(element.residual_risks)},
                      {"statement", element.statement},
                      {"status", element.status}};
}

}  // namespace cortex::trust
