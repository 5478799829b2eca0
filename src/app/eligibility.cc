#include "app/eligibility.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/text.h"
#include "store/memory_history.h"

namespace cortex::app {
namespace {

struct OpenContradiction {
  std::string id, left, right;
};

std::string as_json(std::span<const std::string> texts) {
  return json::write_compact(json::Array(texts.begin(), texts.end()));
}

// Those that name one of `ids`, oldest first, looked up by either side; of those that were open at
// a moment: known by then, and not resolved before it.
Result<std::vector<OpenContradiction>> open_contradictions(
    sqlite::Connection& db, std::span<const std::string> ids,
    const std::optional<store::AsOf>& when = {}) {
  CORTEX_ASSIGN(auto found,
                db.prepare("WITH asked(ref) AS MATERIALIZED (SELECT value FROM json_each(?1)) "
                           "SELECT id, left_ref, right_ref FROM contradictions WHERE (+status IN "
                           "('unresolved', 'interpreted') OR updated_at > ?2) AND (?2 IS NULL OR "
                           "+created_at <= ?2) AND rowid IN (SELECT c.rowid FROM asked CROSS JOIN "
                           "contradictions c ON c.left_ref = asked.ref UNION SELECT c.rowid FROM "
                           "asked CROSS JOIN contradictions c ON c.right_ref = asked.ref) "
                           "ORDER BY created_at, id"));
  CORTEX_TRY(found.bind_all(as_json(ids), when ? std::optional(when->known_at) : std::nullopt));
  std::vector<OpenContradiction> out;
  for (;;) {
    CORTEX_ASSIGN(const bool more, found.step());
    if (!more) return out;
    out.push_back({std::string(found.column_text(0)), std::string(found.column_text(1)),
                   std::string(found.column_text(2))});
  }
}

Result<std::set<std::string>> active_among(sqlite::Connection& db,
                                           const std::vector<OpenContradiction>& contradictions) {
  std::set<std::string> active;
  if (contradictions.empty()) return active;
  std::vector<std::string> refs;
  for (const OpenContradiction& one : contradictions) {
    refs.push_back(one.left);
    refs.push_back(one.right);
  }
  CORTEX_ASSIGN(auto found, db.prepare("SELECT id FROM memories WHERE +status = 'active' AND id IN "
                                       "(SELECT value FROM json_each(?1))"));
  CORTEX_TRY(found.bind(1, as_json(refs)));
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

// Why the contradiction speaks against `id`; it names it.
std::string contradiction_text(const OpenContradiction& one, const std::string& id,
                               const std::set<std::string>& active) {
  const std::string& other = one.left == id ? one.right : one.left;
  if (!active.contains(other)) {
    return cat("contradiction ", one.id, " references unavailable memory ", quoted(other));
  }
  return cat("open contradiction blocks default use: ", one.id, " with ", other);
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
  CORTEX_ASSIGN(const auto contradictions, open_contradictions(db, memory_ids, when));
  CORTEX_ASSIGN(const auto active, active_among(db, contradictions));
  CORTEX_ASSIGN(const auto of_agents, store::noted_by_agents(db, memory_ids));
  std::map<std::string_view, const OpenContradiction*> against;
  for (const OpenContradiction& one : contradictions) {
    if (one.left == one.right) continue;
    against.try_emplace(one.left, &one);
    against.try_emplace(one.right, &one);
  }
  for (std::size_t i = 0; i < memory_ids.size(); ++i) {
    const std::string& id = memory_ids[i];
    Verdict verdict{proofs[i].closure.state(), {}, std::nullopt, of_agents.contains(id)};
    const auto found = against.find(id);
    if (!proofs[i].usable()) {
      verdict.left_out = unproven(id, proofs[i]);
    } else if (found != against.end()) {
      verdict.left_out =
          LeftOut{id, "contradicted", contradiction_text(*found->second, id, active)};
    }
    verdict.closure = std::move(proofs[i].closure);
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
  CORTEX_ASSIGN(const auto contradictions, open_contradictions(db, memory_ids));
  const std::set<std::string_view> in_play(memory_ids.begin(), memory_ids.end());
  const OpenContradiction* between = nullptr;
  for (const OpenContradiction& one : contradictions) {
    const bool left = in_play.contains(one.left), right = in_play.contains(one.right);
    if (left != right) {
      return eligibility_refused(cat("contradiction ", one.id, " references unavailable memory ",
                                     quoted(left ? one.right : one.left)));
    }
    if (one.left != one.right && between == nullptr) between = &one;
  }
  if (between == nullptr) return {};
  return eligibility_refused(cat("open contradiction blocks default ", use, " use: ", between->id,
                                 " between ", between->left, " and ", between->right));
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
