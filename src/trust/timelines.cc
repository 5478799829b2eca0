#include "trust/timelines.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/check.h"

namespace cortex::trust {
namespace {

// Every reason of revalidate(). At most seven apply at once, four bits each.
constexpr std::array<std::string_view, 11> kReasons = {
    "key_unknown",           "signed_before_activation",      "signed_after_revocation",
    "revoked_after_signing", "signed_after_retirement",       "historical_retired_key",
    "principal_unknown",     "insufficient_trust_at_signing", "trust_tier_downgraded",
    "principal_removed",     "trust_review_expired"};

// The later of two entries; at the same time the state that comes last as text (revoked, retired,
// active), as the store's queries have it.
bool supersedes(const KeyEntry& entry, const KeyEntry& other) {
  if (entry.effective_at != other.effective_at) return entry.effective_at > other.effective_at;
  return key_state_token(entry.state) > key_state_token(other.state);
}

const KeyEntry* key_at(const std::vector<KeyEntry>& entries, Timestamp time) {
  const KeyEntry* found = nullptr;
  for (const KeyEntry& entry : entries) {
    if (entry.effective_at > time) continue;
    if (found == nullptr || supersedes(entry, *found)) found = &entry;
  }
  return found;
}

std::optional<Timestamp> latest(const std::vector<KeyEntry>& entries, KeyState state,
                                Timestamp until) {
  std::optional<Timestamp> found;
  for (const KeyEntry& entry : entries) {
    if (entry.state != state || entry.effective_at > until) continue;
    if (!found || entry.effective_at > *found) found = entry.effective_at;
  }
  return found;
}

const PrincipalEntry* principal_at(const std::vector<PrincipalEntry>& entries, Timestamp time) {
  const PrincipalEntry* found = nullptr;
  for (const PrincipalEntry& entry : entries) {
    if (entry.effective_at > time) continue;
    if (found == nullptr || entry.effective_at > found->effective_at) found = &entry;
  }
  return found;
}

void add_principal_facts(const std::vector<PrincipalEntry>& entries, KeyEvidence& out) {
  if (const PrincipalEntry* then = principal_at(entries, out.event_time)) {
    out.tier_at_event = then->tier;
  }
  if (const PrincipalEntry* current = principal_at(entries, out.now)) {
    out.current_tier = current->tier;
    out.current_tier_since = current->effective_at;
    out.removed_at = current->removed_at;
    out.review_due_at = current->review_due_at;
  }
}

// An end under one name is the end under every other.
void take_earlier(const std::optional<Timestamp>& other, std::optional<Timestamp>& out) {
  if (other && (!out || *other < *out)) out = other;
}

void take_stricter(const KeyEvidence& other, KeyEvidence& out) {
  take_earlier(other.retired, out.retired);
  take_earlier(other.revoked, out.revoked);
  take_earlier(other.removed_at, out.removed_at);
  take_earlier(other.review_due_at, out.review_due_at);
  if (other.tier_at_event && out.tier_at_event) {
    out.tier_at_event = std::min(*other.tier_at_event, *out.tier_at_event);
  }
  if (other.current_tier && out.current_tier && *other.current_tier < *out.current_tier) {
    out.current_tier = other.current_tier;
    out.current_tier_since = other.current_tier_since;
  }
}

}  // namespace

void Timelines::add_key(std::string key_id, KeyEntry entry) {
  keys_[std::move(key_id)].push_back(std::move(entry));
}

void Timelines::add_principal(std::string principal_id, PrincipalEntry entry) {
  principals_[std::move(principal_id)].push_back(entry);
}

void Timelines::bind(std::string key_id, std::string public_key) {
  ids_by_public_key_[public_key].insert(key_id);
  bindings_.insert_or_assign(std::move(key_id), std::move(public_key));
}

const std::string* Timelines::name_of(std::string_view key_id) const {
  if (const auto key = keys_.find(key_id); key != keys_.end()) return &key->first;
  const auto bound = ids_by_public_key_.find(key_id);
  if (bound == ids_by_public_key_.end()) return nullptr;
  const auto name = std::ranges::find_if(
      bound->second, [this](const std::string& id) { return keys_.contains(id); });
  return name == bound->second.end() ? nullptr : &*name;
}

const std::string* Timelines::bound_key(std::string_view key_id) const {
  const auto found = bindings_.find(key_id);
  return found == bindings_.end() ? nullptr : &found->second;
}

std::set<std::string> Timelines::names_of(std::string_view key_id) const {
  const std::string* bound = bound_key(key_id);
  const std::string public_key(bound == nullptr ? key_id : *bound);
  std::set<std::string> names{std::string(key_id), public_key};
  const auto others = ids_by_public_key_.find(public_key);
  if (others != ids_by_public_key_.end()) {
    names.insert(others->second.begin(), others->second.end());
  }
  std::erase_if(names, [this](const std::string& name) { return !keys_.contains(name); });
  return names;
}

KeyEvidence Timelines::evidence_by_name(const std::string& name, Timestamp event_time,
                                        Timestamp now) const {
  KeyEvidence out;
  out.event_time = event_time;
  out.now = now;
  const std::vector<KeyEntry>& entries = keys_.find(name)->second;
  out.activated = latest(entries, KeyState::kActive, event_time);
  out.retired = latest(entries, KeyState::kRetired, now);
  out.revoked = latest(entries, KeyState::kRevoked, now);
  const KeyEntry* holder = key_at(entries, event_time);
  if (holder == nullptr) holder = key_at(entries, now);
  if (holder == nullptr) return out;
  out.principal_id = holder->principal_id;
  const auto principal = principals_.find(holder->principal_id);
  if (principal != principals_.end()) add_principal_facts(principal->second, out);
  return out;
}

KeyEvidence Timelines::evidence(std::string_view key_id, Timestamp event_time,
                                Timestamp now) const {
  KeyEvidence out;
  out.event_time = event_time;
  out.now = now;
  const std::string* name = name_of(key_id);
  if (name != nullptr) {
    out = evidence_by_name(*name, event_time, now);
    for (const std::string& other : names_of(key_id)) {
      if (other != *name) take_stricter(evidence_by_name(other, event_time, now), out);
    }
  }
  out.key_id = key_id;
  return out;
}

std::uint32_t judgement_code(const Authority& authority) {
  CORTEX_CHECK(authority.reasons.size() <= 7);
  std::uint32_t code = 0;
  for (const std::string_view reason : authority.reasons) {
    const auto* found = std::ranges::find(kReasons, reason);
    CORTEX_CHECK(found != kReasons.end());
    code = code * 16 + static_cast<std::uint32_t>(found - kReasons.begin()) + 1;
  }
  return code;
}

}  // namespace cortex::trust
