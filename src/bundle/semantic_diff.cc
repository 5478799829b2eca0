#include "bundle/semantic_diff.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace cortex::bundle {
namespace {

constexpr DriftSeverity kBlocked = DriftSeverity::kBlocked;
constexpr DriftSeverity kWarning = DriftSeverity::kWarning;

using Changes = std::vector<Change>;

void add(Changes& out, std::string_view kind, json::Object fields, DriftSeverity severity) {
  out.push_back({std::string(kind), std::move(fields), severity});
}

json::Object with_id(std::string_view id) { return {{"id", id}}; }

template <class E>
json::Object from_to(E current, E restored) {
  return {{"current", word_of(current)}, {"restored", word_of(restored)}};
}

template <class E>
json::Object id_from_to(std::string_view id, E current, E restored) {
  return {{"id", id}, {"current", word_of(current)}, {"restored", word_of(restored)}};
}

// Current entries in order, missing or handed to `on_both`; then the added ones.
template <class Map, class OnBoth>
void walk(Changes& out, const Map& current, const Map& restored, std::string_view noun,
          OnBoth on_both) {
  for (const auto& [id, value] : current) {
    const auto other = restored.find(id);
    if (other == restored.end()) {
      add(out, cat(noun, "_missing"), with_id(id), kBlocked);
    } else {
      on_both(id, value, other->second);
    }
  }
  for (const auto& [id, value] : restored) {
    if (!current.contains(id)) add(out, cat(noun, "_added"), with_id(id), kWarning);
  }
}

template <class Map>
void walk_artifacts(Changes& out, const Map& current, const Map& restored, std::string_view noun) {
  walk(out, current, restored, noun, [&](const std::string& id, const auto& a, const auto& b) {
    if (a == b) return;
    if (b.truth_state < a.truth_state) {
      json::Object fields = id_from_to(id, a.truth_state, b.truth_state);
      fields.add("artifact", noun);
      add(out, "truth_state_downgraded", std::move(fields), kBlocked);
    } else {
      add(out, cat(noun, "_changed"), with_id(id), kWarning);
    }
  });
}

void compare_salience(Changes& out, const Snapshot& current, const Snapshot& restored) {
  if (current.salience == restored.salience) return;
  add(out, "salience_distribution_changed",
      {{"current", to_json(current.salience)}, {"restored", to_json(restored.salience)}}, kWarning);
}

void compare_contradictions(Changes& out, const Snapshot& current, const Snapshot& restored) {
  walk(out, current.contradictions, restored.contradictions, "unresolved_contradiction",
       [&](const std::string& id, const auto& a, const auto& b) {
         if (a == b) return;
         add(out, "unresolved_contradiction_changed", with_id(id), kBlocked);
       });
}

void compare_principals(Changes& out, const Snapshot& current, const Snapshot& restored) {
  walk(out, current.principals, restored.principals, "principal",
       [&](const std::string& id, const PrincipalState& a, const PrincipalState& b) {
         if (a.trust_tier != b.trust_tier) {
           const bool lower = b.trust_tier < a.trust_tier;
           add(out, lower ? "trust_tier_downgraded" : "trust_tier_changed",
               id_from_to(id, a.trust_tier, b.trust_tier), lower ? kBlocked : kWarning);
         } else if (a.key_ids != b.key_ids) {
           add(out, "principal_changed", with_id(id), kWarning);
         }
       });
}

void compare_key(Changes& out, const std::string& id, const KeyRecord& a, const KeyRecord& b) {
  if (a.principal_id != b.principal_id) {
    add(out, "key_principal_changed",
        {{"id", id}, {"current", a.principal_id}, {"restored", b.principal_id}}, kBlocked);
  } else if (a.key_state != b.key_state) {
    if (b.key_state == KeyState::kActive) {
      add(out, "key_reactivated", id_from_to(id, a.key_state, b.key_state), kBlocked);
    } else if (b.key_state < a.key_state) {
      add(out, "key_state_downgraded", id_from_to(id, a.key_state, b.key_state), kBlocked);
    } else {
      add(out, "key_changed", with_id(id), kWarning);
    }
  }
}

void compare_keys(Changes& out, const Snapshot& current, const Snapshot& restored) {
  walk(out, current.keys, restored.keys, "key",
       [&](const std::string& id, const KeyRecord& a, const KeyRecord& b) {
         compare_key(out, id, a, b);
       });
}

json::Object with_claim(std::string_view claim, json::Object fields = {}) {
  fields.add("claim", claim);
  return fields;
}

void compare_claims(Changes& out, const Snapshot& current, const Snapshot& restored) {
  for (const auto& [claim, ceiling] : current.per_claim) {
    const auto other = restored.per_claim.find(claim);
    if (other == restored.per_claim.end()) {
      add(out, "claim_truth_ceiling_missing", with_claim(claim), kBlocked);
    } else if (other->second != ceiling) {
      const bool lower = other->second < ceiling;
      add(out, lower ? "claim_truth_ceiling_downgraded" : "claim_truth_ceiling_changed",
          with_claim(claim, from_to(ceiling, other->second)), lower ? kBlocked : kWarning);
    }
  }
  for (const auto& [claim, ceiling] : restored.per_claim) {
    if (current.per_claim.contains(claim)) continue;
    add(out, "claim_truth_ceiling_added", with_claim(claim), kWarning);
  }
}

void compare_ceilings(Changes& out, const Snapshot& current, const Snapshot& restored) {
  if (restored.runtime_mode < current.runtime_mode) {
    add(out, "runtime_mode_downgraded", from_to(current.runtime_mode, restored.runtime_mode),
        kBlocked);
  }
  if (restored.proof_state < current.proof_state) {
    add(out, "proof_state_downgraded", from_to(current.proof_state, restored.proof_state),
        kBlocked);
  }
  if (restored.claim_ceiling != current.claim_ceiling) {
    const bool lower = restored.claim_ceiling < current.claim_ceiling;
    add(out, lower ? "truth_ceiling_downgraded" : "truth_ceiling_changed",
        from_to(current.claim_ceiling, restored.claim_ceiling), lower ? kBlocked : kWarning);
  }
  compare_claims(out, current, restored);
}

bool any_kind(const SemanticDiff& diff, std::string_view part) {
  return std::ranges::any_of(diff.changes, [part](const Change& change) {
    return change.kind.find(part) != std::string::npos;
  });
}

json::Array votes_json(const std::vector<trust::Contribution>& votes) {
  json::Array out;
  for (const trust::Contribution& vote : votes) {
    out.emplace_back(json::Object{{"outcome", trust::outcome_token(vote.outcome)},
                                  {"reason", vote.reason},
                                  {"rule_id", vote.rule_id}});
  }
  return out;
}

}  // namespace

std::string_view severity_token(DriftSeverity severity) {
  constexpr std::string_view kTokens[] = {"clean", "warning", "precondition_unmet"};
  return kTokens[static_cast<std::size_t>(severity)];
}

SemanticDiff compare_snapshots(const Snapshot& current, const Snapshot& restored,
                               bool acknowledged) {
  SemanticDiff diff;
  diff.current_id = current.snapshot_id;
  diff.restored_id = restored.snapshot_id;
  diff.acknowledged = acknowledged;
  walk_artifacts(diff.changes, current.principles, restored.principles, "active_principle");
  walk_artifacts(diff.changes, current.doctrine, restored.doctrine, "active_doctrine");
  walk_artifacts(diff.changes, current.memories, restored.memories, "active_memory");
  compare_salience(diff.changes, current, restored);
  compare_contradictions(diff.changes, current, restored);
  compare_principals(diff.changes, current, restored);
  compare_keys(diff.changes, current, restored);
  compare_ceilings(diff.changes, current, restored);
  for (const Change& change : diff.changes) {
    diff.severity = std::max(diff.severity, change.severity);
    if (change.severity == kBlocked) ++diff.blocked;
  }
  return diff;
}

json::Value recovery_break_glass(bool acknowledged, std::string_view operation,
                                 std::string_view artifact_ref) {
  if (!acknowledged) return nullptr;
  return json::Object{{"artifact_refs", json::Array{json::Value(artifact_ref)}},
                      {"attested", true},
                      {"not_after", nullptr},
                      {"not_before", nullptr},
                      {"operation_type", operation},
                      {"permitted", true},
                      {"reason_code", "restore_recovery"}};
}

json::Value policy_json(const trust::Decision& decision, json::Value break_glass) {
  return json::Object{{"break_glass", std::move(break_glass)},
                      {"contributing", votes_json(decision.contributing)},
                      {"discarded", votes_json(decision.discarded)},
                      {"final_outcome", trust::outcome_token(decision.final_outcome)}};
}

trust::Decision diff_policy(const SemanticDiff& diff) {
  using trust::Outcome;
  constexpr Outcome kOutcomes[] = {Outcome::kAllow, Outcome::kWarn, Outcome::kReject};
  const bool salience = any_kind(diff, "salience_distribution");
  const bool contradictions = any_kind(diff, "unresolved_contradiction");
  return trust::compose(
      {{"restore.semantic_diff.recovery_drift", kOutcomes[static_cast<std::size_t>(diff.severity)],
        cat("the candidate differs from the current store: ", severity_token(diff.severity)), true},
       {"restore.semantic_diff.salience_drift", salience ? Outcome::kWarn : Outcome::kAllow,
        salience ? "salience is distributed otherwise" : "salience is distributed the same way"},
       {"restore.semantic_diff.contradiction_drift",
        contradictions ? Outcome::kWarn : Outcome::kAllow,
        contradictions ? "unresolved contradictions differ" : "unresolved contradictions agree"}});
}

json::Value decision_json(const SemanticDiff& diff) {
  if (diff.changes.empty()) return "clean";
  if (!diff.allows()) {
    return json::Object{
        {"precondition_unmet", json::Object{{"blocked_change_count", diff.blocked}}}};
  }
  return json::Object{{"warning", json::Object{{"blocked_change_count", diff.blocked},
                                               {"change_count", diff.changes.size()},
                                               {"recovery_acknowledged", diff.acknowledged}}}};
}

json::Array changes_json(const SemanticDiff& diff) {
  json::Array out;
  for (const Change& change : diff.changes) {
    out.emplace_back(json::Object{{"kind", json::Object{{change.kind, change.fields}}},
                                  {"severity", severity_token(change.severity)}});
  }
  return out;
}

json::Object diff_block(const SemanticDiff& diff, std::string_view artifact_ref) {
  return {
      {"candidate_snapshot_id", json::or_null(diff.restored_id)},
      {"change_count", diff.changes.size()},
      {"changes", changes_json(diff)},
      {"current_snapshot_id", json::or_null(diff.current_id)},
      {"decision", decision_json(diff)},
      {"executed", true},
      {"policy_decision",
       policy_json(diff_policy(diff),
                   recovery_break_glass(diff.acknowledged, "restore.semantic_diff", artifact_ref))},
      {"required", true},
      {"status", severity_token(diff.severity)}};
}

}  // namespace cortex::bundle
