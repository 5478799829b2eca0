#include "app/memory_contradictions.h"

#include <algorithm>
#include <map>
#include <utility>

#include "app/checked_store.h"
#include "base/text.h"
#include "memory/rows.h"

namespace cortex::app {
namespace {

using Operations = std::vector<store::Operation>;
using trust::Outcome;

trust::Contribution allow(std::string rule, std::string reason) {
  return {std::move(rule), Outcome::kAllow, std::move(reason)};
}

// Refuses what the gate of the contradictions refuses: every vote here is computed before.
trust::Decision insert_votes() {
  return trust::compose(
      {allow("contradictions.insert.scope_validity", "both memories exist and are different"),
       allow("contradictions.insert.unresolved_state", "a new contradiction is unresolved")});
}

trust::Decision transition_votes(bool resolve, const Author& author) {
  std::vector<trust::Contribution> votes = {
      allow(
          "contradictions.transition.actor_authority",
          author.is_agent() ? "the operator gave the confirmation token" : "the operator decides"),
      allow("contradictions.transition.resolution_evidence", "an interpretation is given")};
  if (resolve) {
    votes.push_back({"contradictions.transition.operator_temporal_authority", Outcome::kWarn,
                     "no attestation of the operator came with it"});
  }
  return trust::compose(std::move(votes));
}

Result<std::string> kept_text(const memory::GatePolicy& policy, std::string_view what,
                              const std::string& text) {
  CORTEX_TRY(check_text(what, text));
  CORTEX_ASSIGN(memory::Screened kept, memory::screen(trim(text), policy));
  return std::move(kept.text);
}

store::Operation operation_of(std::string name, const ContradictionReport& report) {
  json::Object args = memory::to_args(report.contradiction);
  args.add("policy", trust::to_json(report.decision));
  if (!report.winner.empty()) {
    args.add("winner", report.winner);
    args.add("loser", report.loser);
  }
  return {std::move(name), std::move(args)};
}

Result<store::Contradiction> open_contradiction(sqlite::Connection& db, const std::string& id) {
  CORTEX_ASSIGN(auto found, store::find_contradiction(db, id));
  if (!found) {
    return refusal(Code::kPrecondition, cat("there is no contradiction ", id),
                   "see `cortex memory contradiction list`");
  }
  if (!found->open()) {
    return refusal(Code::kPrecondition,
                   cat("the contradiction ", id, " is ", printable(found->status)),
                   "add a new one if the claims still contradict each other");
  }
  return *std::move(found);
}

// The frame of interpret and resolve.
Result<ContradictionReport> transition(Services& services, const Layout& layout,
                                       const Author& author, const std::string& text_id,
                                       const std::string& interpretation,
                                       const std::optional<std::string>& winner, bool resolve) {
  CORTEX_ASSIGN(const std::string id, id_argument(core::IdKind::kContradiction, text_id));
  CORTEX_ASSIGN(const std::string kept, kept_text(author.policy, "interpretation", interpretation));
  ContradictionReport report;
  if (winner) {
    CORTEX_ASSIGN(report.winner, id_argument(core::IdKind::kMemory, *winner));
  }
  const Plan plan = [&](sqlite::Connection& db) -> Result<Operations> {
    CORTEX_ASSIGN(report.contradiction, open_contradiction(db, id));
    store::Contradiction& one = report.contradiction;
    if (winner) {
      if (report.winner != one.left_ref && report.winner != one.right_ref) {
        return refusal(Code::kPrecondition, cat(report.winner, " is no side of ", id),
                       cat("name ", printable(one.left_ref), " or ", printable(one.right_ref)));
      }
      report.loser = report.winner == one.left_ref ? one.right_ref : one.left_ref;
    }
    one.status = resolve ? "resolved" : "interpreted";
    one.interpretation = kept;
    one.updated_at = column_time(services.clock.now());
    report.decision = transition_votes(resolve, author);
    return Operations{
        operation_of(resolve ? "contradiction.resolve" : "contradiction.interpret", report)};
  };
  CORTEX_ASSIGN(const Recorded recorded, change_memories(services, layout, author.caller, plan));
  report.event_id = recorded.event_ids.back();
  return report;
}

json::Object row_json(const store::Contradiction& one) {
  return {{"contradiction_id", one.id},   {"contradiction_type", one.type},
          {"created_at", one.created_at}, {"interpretation", json::or_null(one.interpretation)},
          {"left_ref", one.left_ref},     {"right_ref", one.right_ref},
          {"status", one.status},         {"updated_at", one.updated_at}};
}

}  // namespace

Result<ContradictionReport> add_contradiction(Services& services, const Layout& layout,
                                              const Author& author, const std::string& left,
                                              const std::string& right, const std::string& type,
                                              const std::string& reason) {
  ContradictionReport report;
  store::Contradiction& one = report.contradiction;
  CORTEX_ASSIGN(one.left_ref, id_argument(core::IdKind::kMemory, left));
  CORTEX_ASSIGN(one.right_ref, id_argument(core::IdKind::kMemory, right));
  CORTEX_ASSIGN(one.type, kept_text(author.policy, "type", type));
  std::string kept_reason;
  if (!reason.empty()) {
    CORTEX_ASSIGN(kept_reason, kept_text(author.policy, "reason", reason));
  }
  if (one.left_ref == one.right_ref) {
    return refusal(Code::kPrecondition, "a memory does not contradict itself",
                   "name two different memories");
  }
  const Plan plan = [&](sqlite::Connection& db) -> Result<Operations> {
    Operations operations;
    for (const std::string& id : {one.left_ref, one.right_ref}) {
      CORTEX_ASSIGN(const store::Memory memory, required_memory(db, id));
      CORTEX_TRY(adopt(db, memory, operations));
    }
    CORTEX_ASSIGN(const auto open,
                  store::list_contradictions(db, store::Which::kOpen, one.left_ref));
    for (const store::Contradiction& known : open) {
      if (known.left_ref != one.right_ref && known.right_ref != one.right_ref) continue;
      return refusal(
          Code::kPrecondition, cat(known.id, " says so already"),
          cat("interpret or resolve it: `cortex memory contradiction resolve ", known.id, "`"));
    }
    one.id = new_id(services, core::IdKind::kContradiction);
    one.status = "unresolved";
    one.created_at = one.updated_at = column_time(services.clock.now());
    report.decision = insert_votes();
    operations.push_back(operation_of("contradiction.add", report));
    return operations;
  };
  CORTEX_ASSIGN(const Recorded recorded,
                change_memories(services, layout, author.with_reason(kept_reason), plan));
  report.event_id = recorded.event_ids.back();
  return report;
}

Result<ContradictionReport> interpret_contradiction(Services& services, const Layout& layout,
                                                    const Author& author, const std::string& id,
                                                    const std::string& interpretation) {
  return transition(services, layout, author, id, interpretation, std::nullopt, false);
}

Result<ContradictionReport> resolve_contradiction(Services& services, const Layout& layout,
                                                  const Author& author, const std::string& id,
                                                  const std::string& interpretation,
                                                  const std::optional<std::string>& winner) {
  return transition(services, layout, author, id, interpretation, winner, true);
}

json::Value to_json(const ContradictionReport& report) {
  json::Object out = row_json(report.contradiction);
  out.add("event_id", report.event_id);
  out.add("policy_outcome", json::sorted(trust::to_json(report.decision)));
  if (!report.winner.empty()) {
    out.add("winner", report.winner);
    out.add("loser", report.loser);
  }
  out.sort();
  return out;
}

Result<ContradictionListing> list_contradictions(Services& services, const Layout& layout,
                                                 bool open_only,
                                                 const std::optional<std::string>& memory_id) {
  std::optional<std::string> touching;
  if (memory_id) {
    CORTEX_ASSIGN(touching, id_argument(core::IdKind::kMemory, *memory_id));
  }
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  sqlite::Connection& db = store.connection;
  CORTEX_ASSIGN(auto found,
                store::list_contradictions(db, open_only ? store::Which::kOpen : store::Which::kAll,
                                           touching));
  std::map<std::string, store::Memory> sides;
  store::MemoryFilter filter{.ids = std::vector<std::string>()};
  for (const store::Contradiction& one : found) {
    filter.ids->push_back(one.left_ref);
    filter.ids->push_back(one.right_ref);
  }
  const auto keep = [&sides](const store::Memory& memory) -> Status {
    sides.emplace(memory.id, memory);
    return {};
  };
  CORTEX_TRY(store::each_memory(db, filter, keep));
  CORTEX_ASSIGN(const auto precedences, store::list_precedences(db));
  std::map<std::string, memory::PrecedenceClaim> preferred;
  for (const store::Precedence& one : precedences) {
    preferred[one.contradiction_id] = {one.winner, {one.loser}};
  }
  ContradictionListing listing;
  for (store::Contradiction& one : found) {
    std::vector<memory::ClaimCandidate> both;
    for (const std::string& id : {one.left_ref, one.right_ref}) {
      const auto side = sides.find(id);
      if (side == sides.end()) continue;
      both.push_back({.memory_id = id,
                      .claim_key = id,
                      .claim = side->second.claim,
                      .authority = memory::authority_of(side->second.authority),
                      .proof = memory::ProofHint::kFull,
                      .conflicts_with = {id == one.left_ref ? one.right_ref : one.left_ref}});
    }
    const auto rule = preferred.find(one.id);
    std::vector<memory::PrecedenceClaim> rules;
    if (rule != preferred.end()) rules.push_back(rule->second);
    listing.rows.push_back({std::move(one), memory::resolve(std::move(both), rules)});
  }
  return listing;
}

json::Value to_json(const ContradictionListing& listing) {
  json::Array rows;
  for (const ContradictionListing::Row& row : listing.rows) {
    json::Object one = row_json(row.contradiction);
    json::Array reasons;
    for (const memory::ResolutionReason& reason : row.resolved.reasons) {
      reasons.emplace_back(reason.token);
    }
    one.add("resolution", json::Object{{"reasons", std::move(reasons)},
                                       {"selected", json::or_null(row.resolved.selected)},
                                       {"state", memory::resolution_token(row.resolved.state)}});
    one.sort();
    rows.emplace_back(std::move(one));
  }
  const std::size_t count = rows.size();
  return json::Object{{"contradictions", std::move(rows)}, {"count", count}};
}

}  // namespace cortex::app
