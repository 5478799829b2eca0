// All authority timelines of a store in memory, for judging many signatures without a query each:
// who held which key, with how much trust, from when to when. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "trust/timeline.h"

namespace cortex::trust {

struct KeyEntry {
  std::string principal_id;
  KeyState state = KeyState::kActive;
  Timestamp effective_at;
};

struct PrincipalEntry {
  Tier tier = Tier::kUntrusted;
  Timestamp effective_at;
  std::optional<Timestamp> review_due_at, removed_at;
};

class Timelines {
 public:
  void add_key(std::string key_id, KeyEntry entry);
  void add_principal(std::string principal_id, PrincipalEntry entry);
  // `key_id` belongs to this public key (lower-case hex).
  void bind(std::string key_id, std::string public_key);

  bool knows(std::string_view key_id) const { return keys_.contains(key_id); }
  const std::string* bound_key(std::string_view key_id) const;
  // The facts for revalidate(). O(rows of the key and of its principal). Any number of threads.
  KeyEvidence evidence(std::string_view key_id, Timestamp event_time, Timestamp now) const;

 private:
  std::map<std::string, std::vector<KeyEntry>, std::less<>> keys_;
  std::map<std::string, std::vector<PrincipalEntry>, std::less<>> principals_;
  std::map<std::string, std::string, std::less<>> bindings_;
};

// The outcome and the reasons of a judgement as one number: equal numbers, equal judgements; 0 is
// valid without a remark.
std::uint32_t judgement_code(const Authority& authority);

}  // namespace cortex::trust
