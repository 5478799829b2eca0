#include "trust/axiom_generic.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/text.h"
#include "trust/axiom_schema.h"

namespace cortex::trust {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::string_view kCandidateStates[] = {"candidate", "active", "principle", "doctrine",
                                                 "unknown"};
constexpr std::string_view kEvidence[] = {"observed", "inferred", "claimed", "simulated",
                                          "unknown"};
constexpr std::string_view kPhases[] = {"model", "act", "check", "work_record", "unknown"};
constexpr std::string_view kImports[] = {"operator_protocol", "agent_procedure",
                                         "product_specification", "test_eval_input",
                                         "historical_reference"};
constexpr std::string_view kAnchorKinds[] = {"event", "trace", "episode", "audit", "artifact"};
constexpr std::string_view kKnownRedactions[] = {"redacted", "abstracted", "operator_raw_opt_in",
                                                 "raw_unredacted", "unknown"};
constexpr std::string_view kUsableProofs[] = {"full_chain_verified", "partial", "broken",
                                              "unknown"};
constexpr std::string_view kScans[] = {"scanned_clean", "incomplete", "not_scanned"};
constexpr std::string_view kOpen = "open";

Error invalid(std::string_view what) {
  return make_error(Code::kQuarantined, cat("invalid AXIOM admission envelope: ", what),
                    "nothing was admitted", "send the envelope in the documented shape");
}

Status read_text(const json::Value& from, std::string_view path, std::string& out) {
  const json::Value* found = value_at(from, path);
  const std::string* text = found == nullptr ? nullptr : found->as_string();
  if (text == nullptr) return invalid(cat("`", path, "` is missing or no string"));
  out = *text;
  return {};
}

Status read_word(const json::Value& from, std::string_view path, Words words, std::string& out) {
  CORTEX_TRY(read_text(from, path, out));
  if (std::ranges::find(words, out) != words.end()) return {};
  return invalid(cat("`", path, "` has the unknown value ", quoted(out)));
}

Status read_anchors(const json::Value& document, AdmissionRequest& out) {
  const json::Value* found = document.find("source_anchors");
  const json::Array* anchors = found == nullptr ? nullptr : found->as_array();
  if (anchors == nullptr) return invalid("`source_anchors` is missing or no array");
  for (const json::Value& anchor : *anchors) {
    std::string reference, kind;
    CORTEX_TRY(read_text(anchor, "reference", reference));
    CORTEX_TRY(read_word(anchor, "kind", kAnchorKinds, kind));
    out.anchors.push_back(std::move(reference));
  }
  return {};
}

Status read_scan(const json::Value& document, AdmissionRequest& out) {
  const json::Value* scan = document.find("contradiction_scan");
  if (scan == nullptr) return invalid("`contradiction_scan` is missing");
  if (scan->as_string() != nullptr) {
    return read_word(document, "contradiction_scan", kScans, out.contradiction_scan);
  }
  const json::Value* open = scan->find("open_contradictions");
  if (open == nullptr || open->as_array() == nullptr || scan->as_object()->size() != 1) {
    return invalid("`contradiction_scan` is neither a known word nor {open_contradictions}");
  }
  for (const json::Value& id : *open->as_array()) {
    if (id.as_string() == nullptr) return invalid("`open_contradictions` holds other than strings");
  }
  out.contradiction_scan = kOpen;
  return {};
}

// A check that failed, as a row of the decision.
struct Failure {
  bool fails;
  Outcome outcome;
  std::string_view suffix;
  std::string_view reason;
};

std::vector<Failure> failures_of(const AdmissionRequest& r) {
  using enum Outcome;
  const bool no_tool = is_blank(r.tool_name) || is_blank(r.invocation_id);
  const bool no_anchor = r.anchors.empty();
  const bool blank_anchor = std::ranges::any_of(r.anchors, is_blank);
  const bool raw = r.redaction_status == "raw_unredacted" || r.redaction_status == "unknown";
  const bool unproven = r.proof_state == "broken" || r.proof_state == "unknown";
  return {
      {r.candidate_state != "candidate", kReject, "candidate_state_required",
       "only a candidate can be admitted"},
      {r.evidence_class == "unknown", kQuarantine, "evidence_class_required",
       "the class of evidence is not known"},
      {no_tool, kQuarantine, "tool_provenance_required", "tool name or invocation id is blank"},
      {!no_tool && r.import_class == "product_specification", kReject,
       "product_specification_import_rejected", "a product specification is no observation"},
      {no_anchor, kQuarantine, "source_anchor_required", "there is no source anchor"},
      {blank_anchor, kQuarantine, "source_anchor_blank", "a source anchor is blank"},
      {raw, kReject, "redaction_status_required", "raw or unknown redaction"},
      {unproven, kReject, "proof_state_required", "the proof is broken or unknown"},
      {r.contradiction_scan == kOpen, kQuarantine, "open_contradiction", "a contradiction is open"},
      {r.contradiction_scan == "incomplete" || r.contradiction_scan == "not_scanned", kQuarantine,
       "contradiction_scan_required", "contradictions were not scanned for"},
      {!r.explicit_non_promotion, kReject, "explicit_non_promotion_required",
       "the envelope does not renounce promotion"},
      {r.phase_context == "unknown", kQuarantine, "phase_context_required",
       "the phase is not known"},
  };
}

struct EvidenceRow {
  std::string_view word;
  Provenance provenance;
};
constexpr std::array<EvidenceRow, 4> kProvenanceOfEvidence{{
    {"unknown", Provenance::kUnknown},
    {"simulated", Provenance::kSimulated},
    {"claimed", Provenance::kExternalClaimed},
    {"inferred", Provenance::kSummaryDerived},
}};

Provenance provenance_of(const AdmissionRequest& r) {
  const auto* row = std::ranges::find(kProvenanceOfEvidence, r.evidence_class, &EvidenceRow::word);
  if (row != kProvenanceOfEvidence.end()) return row->provenance;
  const bool procedure = r.phase_context == "work_record" && r.import_class == "agent_procedure";
  const bool has_tool = !r.tool_name.empty() && !r.invocation_id.empty();
  return !procedure && has_tool ? Provenance::kToolObserved : Provenance::kRuntimeDerived;
}

constexpr std::string_view kReceiptType = "pai_axiom.boundary.execution_receipt.v1";
constexpr std::string_view kTokenDecisions[] = {"allowed", "warned", "rejected", "expired",
                                                "revoked"};
constexpr std::string_view kIntegrity[] = {"unverified", "verified_release", "verified_provenance",
                                           "compromised"};
constexpr std::string_view kQuarantine[] = {"clean", "diagnostic_only", "quarantined",
                                            "contaminated"};

struct ReceiptFacts {
  std::string runtime_id, token, integrity, quarantine;
};

Result<ReceiptFacts> read_receipt(const json::Value& receipt) {
  ReceiptFacts facts;
  std::string type;
  CORTEX_TRY(read_text(receipt, "receipt_type", type));
  if (type != kReceiptType) return invalid("`receipt_type` is not that of an execution receipt");
  const json::Value* version = receipt.find("schema_version");
  const json::Number* number = version == nullptr ? nullptr : version->as_number();
  if (number == nullptr || number->u != 1) return invalid("`schema_version` is not 1");
  CORTEX_TRY(read_text(receipt, "runtime_id", facts.runtime_id));
  CORTEX_TRY(read_word(receipt, "capability_token_state.decision", kTokenDecisions, facts.token));
  CORTEX_TRY(
      read_word(receipt, "execution_trust_state.runtime_integrity", kIntegrity, facts.integrity));
  CORTEX_TRY(read_word(receipt, "quarantine_state", kQuarantine, facts.quarantine));
  return facts;
}

Status read_first_tool(const json::Value& receipt, const ReceiptFacts& facts,
                       AdmissionRequest& out) {
  out.tool_name = "pai-axiom";
  out.invocation_id = facts.runtime_id;
  const json::Value* tools = receipt.find("tool_provenance");
  if (tools == nullptr || tools->as_array() == nullptr) {
    return invalid("`tool_provenance` is missing or no array");
  }
  if (tools->as_array()->empty()) return {};
  CORTEX_TRY(read_text(tools->as_array()->front(), "tool_name", out.tool_name));
  return read_text(tools->as_array()->front(), "invocation_id", out.invocation_id);
}

}  // namespace

Result<AdmissionRequest> read_admission(const json::Value& document) {
  if (document.as_object() == nullptr) return invalid("it is no object");
  AdmissionRequest out;
  CORTEX_TRY(read_word(document, "candidate_state", kCandidateStates, out.candidate_state));
  CORTEX_TRY(read_word(document, "evidence_class", kEvidence, out.evidence_class));
  CORTEX_TRY(read_word(document, "phase_context", kPhases, out.phase_context));
  CORTEX_TRY(read_text(document, "tool_provenance.tool_name", out.tool_name));
  CORTEX_TRY(read_text(document, "tool_provenance.invocation_id", out.invocation_id));
  CORTEX_TRY(read_word(document, "tool_provenance.import_class", kImports, out.import_class));
  CORTEX_TRY(read_anchors(document, out));
  CORTEX_TRY(read_word(document, "redaction_status", kKnownRedactions, out.redaction_status));
  CORTEX_TRY(read_word(document, "proof_state", kUsableProofs, out.proof_state));
  CORTEX_TRY(read_scan(document, out));
  const json::Value* renounced = document.find("explicit_non_promotion");
  if (renounced == nullptr || renounced->as_bool() == nullptr) {
    return invalid("`explicit_non_promotion` is missing or not true or false");
  }
  out.explicit_non_promotion = *renounced->as_bool();
  return out;
}

Result<AdmissionRequest> admission_of_receipt(const json::Value& receipt) {
  if (receipt.as_object() == nullptr) return invalid("it is no object");
  CORTEX_ASSIGN(const ReceiptFacts facts, read_receipt(receipt));
  AdmissionRequest out;
  CORTEX_TRY(read_first_tool(receipt, facts, out));
  CORTEX_TRY(read_anchors(receipt, out));
  const bool bad_token =
      facts.token == "rejected" || facts.token == "expired" || facts.token == "revoked";
  const bool contaminated = facts.quarantine == "contaminated";
  const bool has_tool = !receipt.find("tool_provenance")->as_array()->empty();
  const bool verified =
      facts.integrity == "verified_release" || facts.integrity == "verified_provenance";
  out.candidate_state = "candidate";
  out.phase_context = "work_record";
  out.import_class = "agent_procedure";
  out.redaction_status = "abstracted";
  out.contradiction_scan = "incomplete";
  out.evidence_class = !has_tool || bad_token ? "claimed" : "observed";
  out.proof_state = contaminated || bad_token || facts.integrity == "compromised" ? "broken"
                    : verified                                                    ? "partial"
                                                                                  : "unknown";
  out.explicit_non_promotion = !contaminated && flag_at(receipt, "explicit_non_promotion");
  return out;
}

AdmissionDecision decide_admission(const AdmissionRequest& request) {
  AdmissionDecision decision;
  decision.admission = Admission::kAdmitCandidate;
  std::vector<Contribution> votes;
  for (const Failure& failure : failures_of(request)) {
    if (!failure.fails) continue;
    decision.failed.push_back(failure.suffix);
    votes.push_back(
        {cat("memory.admission.", failure.suffix), failure.outcome, std::string(failure.reason)});
    decision.admission =
        std::max(decision.admission,
                 failure.outcome == Outcome::kReject ? Admission::kReject : Admission::kQuarantine);
  }
  if (votes.empty()) {
    votes.push_back({"memory.admission.allow", Outcome::kAllow, "every admission check holds"});
  }
  decision.policy = compose(std::move(votes));
  decision.provenance = provenance_of(request);
  const std::array<Provenance, 1> sources{decision.provenance};
  // Nobody has shown that nothing is left open, so unknowns stay unresolved.
  decision.semantic = evaluate(
      {.use = IntendedUse::kCandidateMemory, .provenance = sources, .independent_families = 1});
  return decision;
}

}  // namespace cortex::trust
