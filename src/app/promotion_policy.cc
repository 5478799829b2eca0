#include "app/promotion_policy.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "app/memory_work.h"
#include "base/join.h"
#include "base/text.h"
#include "memory/conflicts.h"
#include "memory/principles.h"
#include "store/contradictions.h"
#include "store/lineage_proof.h"
#include "store/memories.h"
#include "store/plain_rows.h"
#include "trust/claim.h"

namespace cortex::app {
namespace {

using trust::Outcome;

trust::Contribution promotion_vote(std::string_view rule, Outcome outcome, std::string reason) {
  return {cat("principle_promotion.", rule), outcome, std::move(reason)};
}

json::Value column_of(const json::Object& row, std::string_view column) {
  auto value = json::parse(store::text_of(row, column));
  return value.ok() ? std::move(value).value() : json::Value();
}

// The ids of a column, or nothing when an element is none.
std::optional<std::vector<std::string>> memory_ids(const json::Value& column) {
  if (column.as_array() == nullptr) return std::nullopt;
  std::vector<std::string> ids;
  for (const json::Value& value : *column.as_array()) {
    const std::string* text = value.as_string();
    const auto id = text == nullptr ? std::nullopt : core::parse_id(core::IdKind::kMemory, *text);
    if (!id) return std::nullopt;
    ids.push_back(core::id_text(core::IdKind::kMemory, *id));
  }
  return ids;
}

trust::Contribution falsification_vote(const memory::Falsification& record) {
  if (record.holds()) {
    return promotion_vote(
        "falsification", Outcome::kAllow,
        cat(counted(record.failed_attempts.size(), "attempt"), " to refute the principle failed"));
  }
  return promotion_vote("falsification", Outcome::kReject,
                        !record.open_counterexamples.empty()
                            ? "a counterexample of high risk is not resolved"
                            : "nobody tried to refute the principle, or the record is not whole");
}

Outcome outcome_of(trust::ProofState state) {
  return state == trust::ProofState::kFullChainVerified ? Outcome::kAllow
         : state == trust::ProofState::kBroken          ? Outcome::kReject
                                                        : Outcome::kQuarantine;
}

Status add_proof_votes(sqlite::Connection& db, const std::vector<std::string>& ids,
                       std::vector<trust::Contribution>& votes) {
  CORTEX_ASSIGN(const auto proofs, store::prove_lineages(db, ids, store::ProofDepth::kHashes));
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const trust::ProofState state = proofs[i].closure.state();
    votes.push_back(promotion_vote(
        "supporting_memory_proof", outcome_of(state),
        cat("supporting memory ", ids[i], " proof closure is ", trust::proof_state_name(state))));
  }
  return {};
}

using Memories = std::map<std::string, store::Memory>;

Result<Memories> load(sqlite::Connection& db, std::vector<std::string> ids) {
  Memories found;
  const auto keep = [&found](const store::Memory& one) -> Status {
    found.emplace(one.id, one);
    return {};
  };
  CORTEX_TRY(store::each_memory(db, {.ids = std::move(ids)}, keep));
  return found;
}

constexpr std::string_view kConflictRule = "supporting_memory_conflict_resolution";

trust::Contribution resolved_vote(const std::map<std::string, std::set<std::string>>& conflicts,
                                  const Memories& memories) {
  std::vector<memory::ClaimCandidate> candidates;
  for (const auto& [id, others] : conflicts) {
    const auto one = memories.find(id);
    if (one == memories.end()) {
      return promotion_vote(
          kConflictRule, Outcome::kReject,
          cat("the side ", printable(id), " of an open contradiction is no memory"));
    }
    candidates.push_back({.memory_id = id,
                          .claim_key = id,
                          .claim = one->second.claim,
                          .authority = memory::authority_of(one->second.authority),
                          .proof = memory::ProofHint::kFull,
                          .conflicts_with = {others.begin(), others.end()}});
  }
  const memory::Resolved resolved = memory::resolve(std::move(candidates), {});
  const std::string rules = join(resolved.reasons, ",", &memory::ResolutionReason::rule_id);
  return promotion_vote(
      kConflictRule, resolved.decision().final_outcome,
      cat("open contradictions touch the supporting memories; resolver_rules=", rules));
}

Result<trust::Contribution> conflict_vote(sqlite::Connection& db,
                                          const std::vector<std::string>& ids) {
  CORTEX_ASSIGN(const auto open, store::open_contradictions(db, ids));
  std::map<std::string, std::set<std::string>> conflicts;
  std::vector<std::string> sides;
  for (const store::Contradiction& one : open) {
    conflicts[one.left_ref].insert(one.right_ref);
    conflicts[one.right_ref].insert(one.left_ref);
    sides.push_back(one.left_ref);
    sides.push_back(one.right_ref);
  }
  if (conflicts.empty()) {
    return promotion_vote(kConflictRule, Outcome::kAllow,
                          "no open contradiction touches the supporting memories");
  }
  CORTEX_ASSIGN(const Memories memories, load(db, sides));
  return resolved_vote(conflicts, memories);
}

// Those that a person accepted: what the model or tool behind them proposed is attested since.
Result<std::set<std::string>> accepted_by_operators(sqlite::Connection& db,
                                                    const std::vector<std::string>& ids) {
  CORTEX_ASSIGN(auto rows,
                db.prepare("SELECT target_ref FROM audit_records WHERE operation = 'memory.accept'"
                           " AND json_extract(actor_json, '$.kind') = 'cli' AND target_ref IN"
                           " (SELECT value FROM json_each(?1))"));
  CORTEX_TRY(rows.bind(1, json::array_text(ids)));
  std::set<std::string> found;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return found;
    found.emplace(rows.column_text(0));
  }
}

Result<trust::Contribution> semantic_vote(sqlite::Connection& db,
                                          const std::vector<std::string>& ids, bool falsified) {
  CORTEX_ASSIGN(const Memories memories, load(db, ids));
  CORTEX_ASSIGN(const auto accepted, accepted_by_operators(db, ids));
  std::vector<trust::Provenance> provenance;
  for (const std::string& id : ids) {
    const auto one = memories.find(id);
    if (one == memories.end()) continue;  // its missing proof says so already
    provenance.push_back(memory::provenance_of(one->second, accepted.contains(id)));
  }
  const std::set<std::string> families(ids.begin(), ids.end());
  const trust::SemanticReport report =
      trust::evaluate({.use = trust::IntendedUse::kHighForceDoctrine,
                       .provenance = provenance,
                       .independent_families = static_cast<std::uint32_t>(families.size()),
                       .falsification_evidence = falsified,
                       .unresolved_unknowns = false});
  return promotion_vote(
      "semantic_support", report.outcome,
      cat(report.reason, "; semantic_trust=", trust::semantic_trust_token(report.trust),
          "; weakest_provenance=", trust::provenance_token(report.weakest),
          "; claim_ceiling=", trust::claim_ceiling_token(report.ceiling)));
}

bool is_score(const json::Object& principle, std::string_view column) {
  const auto score = store::real_of(principle, column);
  return score && *score >= 0.0 && *score <= 1.0;
}

}  // namespace

Result<trust::Decision> promotion_votes(sqlite::Connection& db, const json::Object* principle,
                                        const std::string& principle_id) {
  if (principle == nullptr) {
    return trust::compose(
        {promotion_vote("exists", Outcome::kReject, cat("there is no principle ", principle_id))});
  }
  const memory::Falsification record =
      memory::falsification_of(column_of(*principle, "created_by_json"));
  std::vector<trust::Contribution> votes{falsification_vote(record)};
  const auto ids = memory_ids(column_of(*principle, "supporting_memories_json"));
  if (!ids || ids->empty()) {
    votes.push_back(promotion_vote("supporting_memory_proof", Outcome::kReject,
                                   "the principle names no memories, or ids that are none"));
  } else {
    CORTEX_TRY(add_proof_votes(db, *ids, votes));
  }
  const std::vector<std::string> known = ids.value_or(std::vector<std::string>());
  CORTEX_ASSIGN(votes.emplace_back(), conflict_vote(db, known));
  CORTEX_ASSIGN(votes.emplace_back(), semantic_vote(db, known, record.holds()));
  return trust::compose(std::move(votes));
}

json::Value promotion_refusal(const trust::Decision& decision) {
  using enum trust::ClaimCeiling;
  if (!decision.blocked()) return {};
  const trust::TruthCeiling facts{.runtime_mode = trust::RuntimeMode::kAuthorityGrade,
                                  .proof_state = trust::ProofState::kFullChainVerified,
                                  .authority_class = trust::AuthorityClass::kOperator,
                                  .requested = kAuthorityGrade};
  const auto ceiling = std::min(facts.effective(), trust::ceiling_of(decision.final_outcome));
  const json::Value whole = trust::to_json(decision);
  return json::sorted(json::Object{
      {"claim_ceiling", trust::claim_ceiling_token(ceiling)},
      {"error", "promotion_preflight_failed"},
      {"policy_contributing", *whole.find("contributing")},
      {"policy_outcome", trust::outcome_token(decision.final_outcome)},
      {"reason", cat("policy outcome ", trust::outcome_name(decision.final_outcome),
                     " fails closed for Promotion")},
      {"required_ceiling",
       trust::claim_ceiling_token(trust::required_ceiling(trust::ClaimKind::kPromotion))},
      {"runtime_mode", trust::runtime_mode_token(facts.runtime_mode)}});
}

Status check_promotable(const json::Object& principle) {
  const auto refuse = [&principle](std::string_view why) {
    return refusal(Code::kPrecondition,
                   cat("the principle ", printable(store::text_of(principle, "id")),
                       " cannot become doctrine: ", why),
                   "see `cortex principle list`", "principle.promotion.invalid");
  };
  const std::string status = store::text_of(principle, "status");
  if (status != "candidate") return refuse(cat("it is ", printable(status), ", no candidate"));
  const auto ids = memory_ids(column_of(principle, "supporting_memories_json"));
  if (!ids || ids->size() < memory::kSupportMin) {
    return refuse(cat("fewer than ", memory::kSupportMin, " memories support it"));
  }
  const json::Value domains = column_of(principle, "domains_observed_json");
  std::set<std::string> distinct;
  if (domains.as_array() != nullptr) {
    for (const json::Value& one : *domains.as_array()) {
      if (one.as_string() != nullptr) distinct.insert(*one.as_string());
    }
  }
  if (distinct.size() < memory::kDomainsMin) {
    return refuse(cat("it was observed in fewer than ", memory::kDomainsMin, " domains"));
  }
  for (const char* column : {"confidence", "validation", "brightness"}) {
    if (!is_score(principle, column)) return refuse(cat(column, " is not from 0 to 1"));
  }
  return {};
}

}  // namespace cortex::app
