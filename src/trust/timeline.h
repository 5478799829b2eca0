// Temporal authority: was a key entitled to sign then, and is it now? Pure rules over the facts
// that the timelines hold (docs/formats.md, 18). The rows are read by store/timelines.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "trust/policy.h"

namespace cortex::trust {

// Weakest first.
enum class Tier : std::uint8_t { kUntrusted, kObserved, kVerified, kOperator };
std::string_view tier_token(Tier tier);  // "operator"
std::optional<Tier> parse_tier(std::string_view token);

enum class KeyState : std::uint8_t { kActive, kRetired, kRevoked };
std::string_view key_state_token(KeyState state);  // "active"
std::optional<KeyState> parse_key_state(std::string_view token);

// What the timelines say of one key, one moment and now.
struct KeyEvidence {
  std::string key_id;
  std::optional<std::string> principal_id;
  Timestamp event_time;
  Timestamp now;
  std::optional<Timestamp> activated;                  // latest activation up to event_time
  std::optional<Timestamp> retired, revoked;           // latest up to now
  std::optional<Tier> tier_at_event;                   // of the principal
  std::optional<Tier> current_tier;                    // of the principal, now
  std::optional<Timestamp> current_tier_since;         // when that tier took effect
  std::optional<Timestamp> removed_at, review_due_at;  // of the principal, now
};

struct Authority {
  KeyEvidence evidence;
  bool valid_at_event = true;
  bool valid_now = true;
  std::optional<Timestamp> invalidated_after;
  std::vector<std::string_view> reasons;  // tokens, in the order of the rules; may repeat

  Outcome outcome() const;             // allow, quarantine (valid then, not now) or reject
  std::string joined_reasons() const;  // "key_unknown,principal_unknown"
};

Authority revalidate(KeyEvidence evidence, Tier minimum);

}  // namespace cortex::trust
