// `memory accept`: the gates, and what they vote.
#include <span>
#include <utility>

#include "app/memory_lifecycle.h"
#include "base/text.h"
#include "memory/lifecycle.h"
#include "store/contradictions.h"

namespace cortex::app {
namespace {

using trust::Outcome;

constexpr std::string_view kWarnInvariant =
    "memory.accept.operator_temporal_authority.warn_no_attestation";
// Compared by callers of reference 0.1.2.
constexpr std::string_view kAuditReason = "operator accepted candidate memory via CLI";
constexpr std::string_view kToolReason =
    "candidate memory accepted over MCP with the confirmation token";

json::Object audit_actor(const Author& author) {
  if (!author.is_agent()) return {{"command", "memory accept"}, {"kind", "cli"}};
  return {{"client", author.caller.client}, {"kind", "mcp"}, {"tool", "cortex_memory_accept"}};
}

trust::Contribution proof_vote(trust::ProofState state) {
  const Outcome outcome = state == trust::ProofState::kFullChainVerified ? Outcome::kAllow
                          : state == trust::ProofState::kBroken          ? Outcome::kReject
                                                                         : Outcome::kQuarantine;
  return {"memory.accept.proof_closure", outcome,
          cat("the proof of the memory is ", trust::proof_state_name(state))};
}

trust::Contribution contradiction_vote(std::size_t open) {
  return {"memory.accept.open_contradiction", open == 0 ? Outcome::kAllow : Outcome::kReject,
          open == 0 ? std::string("no open contradiction touches the memory")
                    : cat(counted(open, "open contradiction"), open == 1 ? " touches" : " touch",
                          " the memory")};
}

trust::Decision votes(trust::ProofState state, std::size_t open) {
  return trust::compose({proof_vote(state),
                         contradiction_vote(open),
                         {"memory.accept.semantic_trust", Outcome::kAllow,
                          "a candidate may become a memory whatever its semantic trust"},
                         {"memory.accept.operator_temporal_use", Outcome::kWarn,
                          cat("no attestation of the operator came with it: ", kWarnInvariant)}});
}

bool is_lineage(const json::Value& column) {
  return column.as_array() != nullptr && !column.as_array()->empty();
}

// What is not there is told by the invariant of the proof, as by reference 0.1.2.
Error nothing_to_accept(sqlite::Connection& db, const std::string& id, trust::ProofState state) {
  Error error = missing_memory(db, id);
  error.message = cat("invariant=", kAcceptProofInvariant, ": ", error.message,
                      ", so its proof is not whole: observed ", trust::proof_state_name(state));
  return error;
}

// In the order of the format: proof, state, lineage, then what the votes came to.
Status judge_candidate(const store::Memory& memory, trust::ProofState state,
                       const trust::Decision& decision) {
  const std::string& id = memory.id;
  if (state != trust::ProofState::kFullChainVerified) {
    return refusal(Code::kPrecondition,
                   cat("invariant=", kAcceptProofInvariant, ": the proof of ", id,
                       " must be whole, observed ", trust::proof_state_name(state)),
                   cat("see `cortex proof memory ", id, "`"));
  }
  if (memory.status != memory::state_token(memory::State::kCandidate)) {
    return refusal(Code::kPrecondition,
                   cat("the memory ", id, " is not a candidate: it is ", printable(memory.status)),
                   "only candidates are accepted; see `cortex memory candidates`");
  }
  if (!is_lineage(memory.source_episodes) && !is_lineage(memory.source_events)) {
    return refusal(Code::kPrecondition,
                   cat("the memory ", id, " names no episode and no event that it came from"),
                   "record it anew with `cortex memory note`");
  }
  if (decision.blocked()) {
    return refusal(Code::kPrecondition,
                   cat("memory.accept preflight of ", id, ": the policy says ",
                       trust::outcome_name(decision.final_outcome)),
                   "resolve what speaks against it: `cortex memory contradiction list`");
  }
  return {};
}

store::Operation accept_operation(Services& services, const Author& author,
                                  const store::Memory& memory, const trust::Decision& decision) {
  return {"memory.accept",
          json::Object{{"at", column_time(services.clock.now())},
                       {"memory_id", memory.id},
                       {"from", memory.status},
                       {"to", memory::state_token(memory::State::kActive)},
                       {"audit_id", new_id(services, core::IdKind::kAuditRecord)},
                       {"audit_reason", author.is_agent() ? kToolReason : kAuditReason},
                       {"audit_actor", audit_actor(author)},
                       {"policy", trust::to_json(decision)}}};
}

}  // namespace

Result<AcceptReport> accept_memory(Services& services, const Layout& layout, const Author& author,
                                   const std::string& memory_id, store::ProofDepth depth) {
  CORTEX_ASSIGN(const std::string id, id_argument(core::IdKind::kMemory, memory_id));
  AcceptReport report{.memory_id = id, .event_id = {}};
  const Plan plan = [&](sqlite::Connection& db) -> Result<std::vector<store::Operation>> {
    CORTEX_ASSIGN(const auto proofs, store::prove_lineages(db, std::span(&id, 1), depth));
    CORTEX_ASSIGN(const auto open, store::list_contradictions(db, store::Which::kOpen, id));
    const trust::ProofState state = proofs.front().closure.state();
    report.decision = votes(state, open.size());
    CORTEX_ASSIGN(const auto memory, store::find_memory(db, id));
    const Status judged = memory ? judge_candidate(*memory, state, *report.decision)
                                 : Status(nothing_to_accept(db, id, state));
    if (!judged.ok()) {
      report.refused = judged.error();
      return std::vector<store::Operation>();
    }
    std::vector<store::Operation> operations;
    CORTEX_TRY(adopt(db, *memory, operations));
    operations.push_back(accept_operation(services, author, *memory, *report.decision));
    return operations;
  };
  CORTEX_ASSIGN(const Recorded recorded, change_memories(services, layout, author.caller, plan));
  if (!recorded.event_ids.empty()) report.event_id = recorded.event_ids.back();
  report.mirror_note = recorded.mirror_note;
  return report;
}

json::Value to_json(const AcceptReport& report) {
  json::Object out;
  out.add("detail", report.refused ? report.refused->message : std::string("accepted"));
  if (!report.refused) out.add("event_id", report.event_id);
  out.add("memory_id", report.refused ? json::Value(nullptr) : json::Value(report.memory_id));
  if (report.decision) {
    out.add("policy_outcome", json::sorted(trust::to_json(*report.decision)));
  }
  return out;
}

}  // namespace cortex::app
