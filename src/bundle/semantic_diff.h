// What a restore would take away: two semantic snapshots compared (docs/formats.md, "Semantic
// snapshot"). Pure; O(entries).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bundle/snapshot.h"
#include "json/value.h"
#include "trust/policy.h"

namespace cortex::bundle {

enum class DriftSeverity : std::uint8_t { kClean, kWarning, kBlocked };
std::string_view severity_token(DriftSeverity severity);  // "precondition_unmet" for kBlocked

struct Change {
  std::string kind;  // "active_memory_missing"
  json::Object fields;
  DriftSeverity severity = DriftSeverity::kWarning;
};

struct SemanticDiff {
  std::optional<std::string> current_id, restored_id;
  std::vector<Change> changes;  // in the documented order
  DriftSeverity severity = DriftSeverity::kClean;
  std::uint64_t blocked = 0;  // changes of severity kBlocked
  bool acknowledged = false;

  bool allows() const { return blocked == 0 || acknowledged; }
};

// `current` is the accepted state, `restored` the candidate.
SemanticDiff compare_snapshots(const Snapshot& current, const Snapshot& restored,
                               bool acknowledged);

// What an acknowledgement puts beside a policy decision, or null without one.
json::Value recovery_break_glass(bool acknowledged, std::string_view operation,
                                 std::string_view artifact_ref);
// {break_glass, contributing, discarded, final_outcome}
json::Value policy_json(const trust::Decision& decision, json::Value break_glass);

trust::Decision diff_policy(const SemanticDiff& diff);
json::Value decision_json(const SemanticDiff& diff);
json::Array changes_json(const SemanticDiff& diff);
// The block `semantic_diff` of preflight, stage and apply. `artifact_ref`:
// "candidate_store:<path>".
json::Object diff_block(const SemanticDiff& diff, std::string_view artifact_ref);

}  // namespace cortex::bundle
