#include "reflect/admission.h"

#include <utility>

#include "base/text.h"
#include "trust/axiom_generic.h"

namespace cortex::reflect {
namespace {

// "source_anchor_required" as "SourceAnchorRequired", the form in which details name reasons.
std::string reason_name(std::string_view rule) {
  std::string name;
  bool upper = true;
  for (const char c : rule) {
    if (c == '_') {
      upper = true;
    } else {
      name += upper ? static_cast<char>(c - 'a' + 'A') : c;
      upper = false;
    }
  }
  return name;
}

}  // namespace

std::string Judgement::detail() const {
  std::string out = cat("memory_candidates[", memory, "] reasons=[");
  for (std::size_t i = 0; i < reasons.size(); ++i) out += cat(i == 0 ? "" : ", ", reasons[i]);
  return out + "]";
}

Judgement judge_memory(const SessionReflection& reflection, std::size_t memory,
                       const Proposer& proposer) {
  trust::AdmissionRequest request;
  request.candidate_state = "candidate";
  request.evidence_class = "inferred";
  request.phase_context = "check";
  request.tool_name = cat("cortex-reflect:", proposer.adapter_id);
  request.invocation_id = proposer.response_hash;
  request.import_class = "agent_procedure";
  request.anchors = reflection.events_of(reflection.memories[memory]);
  request.redaction_status = "abstracted";
  request.proof_state = request.anchors.empty() ? "unknown" : "partial";
  request.contradiction_scan = reflection.contradictions.empty() ? "scanned_clean" : "open";
  request.explicit_non_promotion = true;
  const trust::AdmissionDecision decision = trust::decide_admission(request);
  Judgement out{decision.admission, memory, {}};
  for (const std::string_view rule : decision.failed) out.reasons.push_back(reason_name(rule));
  return out;
}

Judgement judge_reflection(const SessionReflection& reflection, const Proposer& proposer) {
  Judgement worst;
  for (std::size_t i = 0; i < reflection.memories.size(); ++i) {
    Judgement judged = judge_memory(reflection, i, proposer);
    if (judged.admission > worst.admission) worst = std::move(judged);
    if (worst.admission == trust::Admission::kReject) break;
  }
  return worst;
}

}  // namespace cortex::reflect
