// Principles: what several memories of several domains have in common, and what must hold before
// one becomes doctrine. Pure functions (docs/formats.md, "Principles").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "store/memories.h"
#include "trust/policy.h"
#include "trust/semantic.h"

namespace cortex::memory {

inline constexpr std::size_t kSupportMin = 3;  // memories
inline constexpr std::size_t kDomainsMin = 2;

struct PrincipleCandidate {
  std::string statement;
  std::vector<std::string> supporting;  // memory ids, in the order given
  std::vector<std::string> domains;     // trimmed, lower case, sorted
  std::vector<std::string> applies_when, does_not_apply_when;
  double confidence = 0.7;
  double overgeneralisation_risk = 0.3;
};
// Memories that share a domain, directly or through others, are one group; each group with enough
// memories and domains makes a candidate, the largest first. When none does by itself, all of them
// together may. O(memories * domains).
std::vector<PrincipleCandidate> find_principles(const std::vector<store::Memory>& memories);
// With the wording of the parts that are sentences.
json::Value to_json(const PrincipleCandidate& candidate);

// "7d", "36h", "90m", "30s", "2w" in seconds; nothing when it is no duration.
std::optional<std::int64_t> parse_duration(std::string_view text);

enum class Force : std::uint8_t { kAdvisory, kConditioning, kGate };
std::string_view force_name(Force force);                  // "Gate", in rows and signatures
std::optional<Force> parse_force(std::string_view token);  // "gate", on command lines

// The record of attempts to show that a principle is wrong: created_by_json.falsification.
struct Falsification {
  bool attempted = false;
  std::vector<std::string> failed_attempts;
  std::vector<std::string> open_counterexamples;  // of high risk, not resolved
  bool well_formed = true;

  // Attempts were made, all of them failed, nothing is open.
  bool holds() const {
    return well_formed && attempted && !failed_attempts.empty() && open_counterexamples.empty();
  }
};
Falsification falsification_of(const json::Value& created_by);
// Sets the member.
void set_falsification(json::Object& created_by, const Falsification& record);

// Where a memory comes from, by its authority. What an operator accepted or validated is attested
// by that operator, whatever it was before.
trust::Provenance provenance_of(const store::Memory& memory, bool accepted_by_operator);

}  // namespace cortex::memory
