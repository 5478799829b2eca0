#include "app/eligibility.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/text.h"
#include "store/contradictions.h"
#include "store/memory_history.h"

namespace cortex::app {
namespace {

Result<std::set<std::string>> active_among(
    sqlite::Connection& db, const std::vector<store::Contradiction>& contradictions) {
  std::set<std::string> active;
  if (contradictions.empty()) return active;
  std::vector<std::string> refs;
  for (const store::Contradiction& one : contradictions) {
    refs.push_back(one.left_ref);
    refs.push_back(one.right_ref);
  }
  CORTEX_ASSIGN(auto found, db.prepare("SELECT id FROM memories WHERE +status = 'active' AND id IN "
                                       "(SELECT value FROM json_each(?1))"));
  CORTEX_TRY(found.bind(1, json::array_text(refs)));
  for (;;) {
    CORTEX_ASSIGN(const bool more, found.step());
    if (!more) return active;
    active.emplace(found.column_text(0));
  }
}

LeftOut unproven(const std::string& id, const store::LineageProof& proof) {
  const bool broken = proof.closure.state() == trust::ProofState::kBroken;
  const trust::FailingEdge& edge = proof.closure.failing.front();
  return {id, broken ? "broken_proof" : "unproven",
          cat("proof closure current use blocked (", trust::proof_state_name(proof.closure.state()),
              "): ", trust::edge_kind_token(edge.kind), " of ", edge.from_ref, " ",
              trust::edge_failure_token(edge.failure), ", ", edge.reason)};
}

// Why the contradiction speaks against `id`.
LeftOut speaks_against(const store::Contradiction& one, const std::string& id,
                       const std::set<std::string>& active) {
  const std::string& other = one.left_ref == id ? one.right_ref : one.left_ref;
  if (!active.contains(other)) {
    const std::string text = cat("contradiction ", one.id, " references unavailable memory");
    return {id, "contradicted", cat(text, " ", quoted(other)), other, text};
  }
  const std::string text = cat("open contradiction blocks default use: ", one.id);
  return {id, "contradicted", cat(text, " with ", other), other, text};
}

Error eligibility_refused(std::string message) {
  return make_error(Code::kPrecondition, std::move(message), "nothing was returned",
                    "see `cortex proof memory ID`, or go without --strict");
}

}  // namespace

Result<std::vector<Verdict>> judge(sqlite::Connection& db, std::span<const std::string> memory_ids,
                                   store::ProofDepth depth,
                                   const std::optional<store::AsOf>& when) {
  std::vector<Verdict> verdicts;
  if (memory_ids.empty()) return verdicts;
  CORTEX_ASSIGN(auto proofs, store::prove_lineages(db, memory_ids, depth));
  CORTEX_ASSIGN(const auto contradictions,
                store::open_contradictions(db, memory_ids,
                                           when ? std::optional(when->known_at) : std::nullopt));
  CORTEX_ASSIGN(const auto active, active_among(db, contradictions));
  CORTEX_ASSIGN(const auto of_agents, store::noted_by_agents(db, memory_ids));
  std::map<std::string_view, const store::Contradiction*> against;
  for (const store::Contradiction& one : contradictions) {
    if (one.left_ref == one.right_ref) continue;
    against.try_emplace(one.left_ref, &one);
    against.try_emplace(one.right_ref, &one);
  }
  for (std::size_t i = 0; i < memory_ids.size(); ++i) {
    const std::string& id = memory_ids[i];
    Verdict verdict{.proof = proofs[i].closure.state(),
                    .closure = {},
                    .noted_by_agent = of_agents.contains(id)};
    const auto found = against.find(id);
    if (!proofs[i].usable()) {
      verdict.left_out = unproven(id, proofs[i]);
    } else if (found != against.end()) {
      verdict.left_out = speaks_against(*found->second, id, active);
    }
    verdict.closure = std::move(proofs[i].closure);
    verdict.event_ids = std::move(proofs[i].event_ids);
    verdicts.push_back(std::move(verdict));
  }
  return verdicts;
}

Status refuse_unless_all_usable(sqlite::Connection& db, std::span<const std::string> memory_ids,
                                store::ProofDepth depth, std::string_view use) {
  CORTEX_ASSIGN(const auto proofs, store::prove_lineages(db, memory_ids, depth));
  for (std::size_t i = 0; i < memory_ids.size(); ++i) {
    if (proofs[i].usable()) continue;
    return eligibility_refused(cat("memory ", memory_ids[i], " excluded from default ", use,
                                   " use: ", unproven(memory_ids[i], proofs[i]).detail));
  }
  CORTEX_ASSIGN(const auto contradictions, store::open_contradictions(db, memory_ids));
  const std::set<std::string_view> in_play(memory_ids.begin(), memory_ids.end());
  const store::Contradiction* between = nullptr;
  for (const store::Contradiction& one : contradictions) {
    const bool left = in_play.contains(one.left_ref), right = in_play.contains(one.right_ref);
    if (left != right) {
      return eligibility_refused(cat("contradiction ", one.id, " references unavailable memory ",
                                     quoted(left ? one.right_ref : one.left_ref)));
    }
    if (one.left_ref != one.right_ref && between == nullptr) between = &one;
  }
  if (between == nullptr) return {};
  return eligibility_refused(cat("open contradiction blocks default ", use, " use: ", between->id,
                                 " between ", between->left_ref, " and ", between->right_ref));
}

std::vector<LeftOut> left_out_of(const std::vector<store::UnreadableMemory>& unreadable) {
  std::vector<LeftOut> out;
  out.reserve(unreadable.size());
  for (const store::UnreadableMemory& row : unreadable) {
    out.push_back({row.id, "undecodable", cat("column ", row.column, ": ", row.reason)});
  }
  return out;
}

json::Array to_json(const std::vector<LeftOut>& left_out) {
  json::Array out;
  for (const LeftOut& one : left_out) {
    out.emplace_back(
        json::Object{{"detail", one.detail}, {"memory_id", one.memory_id}, {"reason", one.reason}});
  }
  return out;
}

}  // namespace cortex::app
