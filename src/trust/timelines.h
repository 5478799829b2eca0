// All authority timelines of a store in memory, for judging many signatures without a query each:
// who held which key, with how much trust, from when to when. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
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

  // The id under which the key is registered: `key_id` itself, else the first id that is bound to
  // the public key of this hex. Null: nobody registered it. Valid until the next change.
  const std::string* name_of(std::string_view key_id) const;
  bool knows(std::string_view key_id) const { return name_of(key_id) != nullptr; }
  const std::string* bound_key(std::string_view key_id) const;
  // The facts for revalidate(), of the key by whatever id it is registered. Where it has several,
  // those of name_of() with the strictest of the others: revoked under one is revoked. O(rows of
  // the key and of its principals). Any number of threads.
  KeyEvidence evidence(std::string_view key_id, Timestamp event_time, Timestamp now) const;

 private:
  // All registered ids of the key.
  std::set<std::string> names_of(std::string_view key_id) const;
  KeyEvidence evidence_by_name(const std::string& name, Timestamp event_time, Timestamp now) const;

  std::map<std::string, std::vector<KeyEntry>, std::less<>> keys_;
  std::map<std::string, std::vector<PrincipalEntry>, std::less<>> principals_;
  std::map<std::string, std::string, std::less<>> bindings_;  // public key by id
  std::map<std::string, std::set<std::string>, std::less<>> ids_by_public_key_;
};

// The outcome and the reasons of a judgement as one number: equal numbers, equal judgements; 0 is
// valid without a remark.
std::uint32_t judgement_code(const Authority& authority);

}  // namespace cortex::trust
