// Context packs: what an agent is given for a task, within a budget, and what was left out and why
// (docs/formats.md, "Context packs"). Pure: no store, no clock; equal input gives equal packs.
//
// Claims are data: they stand in strings of `selected_refs` and nowhere else, so that nothing that
// a claim says becomes structure or instruction.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/value.h"
#include "trust/ceiling.h"
#include "trust/semantic.h"

namespace cortex::context {

// Labels and counting of reference 0.1.2, or those of the memory itself.
enum class Labels : std::uint8_t { kReference, kOwn };

enum class Sensitivity : std::uint8_t { kPublic, kInternal, kPersonal, kSecret };
std::string_view sensitivity_token(Sensitivity sensitivity);
// By the tags sensitivity:high (secret), :medium (personal), :low (internal); else internal.
Sensitivity sensitivity_of(const std::vector<std::string>& tags);

struct Ref {
  std::string memory_id, claim, authority;
  std::vector<std::string> tags;
  double confidence = 0;
  float score = 0;
};

struct Doctrine {
  std::string id, rule, force, promotion_reason, source_principle, created_at;
};

struct Exclusion {
  std::string ref_id;  // of a memory or doctrine row
  std::string ref_kind = "memory";
  std::string reason;     // "contradiction", "token_budget", "redaction_policy", "other"
  std::string rationale;  // one sentence
  Sensitivity sensitivity = Sensitivity::kInternal;

  // External packs do not name what is personal or secret.
  bool hidden() const { return sensitivity >= Sensitivity::kPersonal; }
};

// Exclusions that a pack spells out; all are counted by reason.
inline constexpr std::size_t kExclusionsListed = 256;

class Pack {
 public:
  Pack(std::string id, std::string task, std::uint64_t max_tokens, Labels labels);

  // False, and excluded by `token_budget`, when it does not fit any more. The proof behind it is
  // whole: that is the caller's to know.
  bool add(const Ref& ref);
  // True when it would fit; else notes the exclusion, as add() does.
  bool admits(const Ref& ref);
  // Nothing fits any more, however short.
  bool is_full() const;
  void add(const Doctrine& doctrine);  // in the order of the pack; first of all
  void exclude(Exclusion exclusion);
  // More memories that were not looked at, because nothing fits any more: counted, not listed.
  void exclude_rest(std::uint64_t memories);

  // bytes / 4, rounded up, at least 1. kReference: of task, claims and exclusions; kOwn: of the
  // task and of every ref and doctrine row as it is printed.
  std::uint64_t estimated_tokens() const;
  bool within_budget() const { return estimated_tokens() <= max_tokens_; }
  const std::vector<Ref>& refs() const { return refs_; }
  const std::vector<Doctrine>& doctrine() const { return doctrine_; }
  const std::vector<Exclusion>& exclusions() const { return exclusions_; }
  const std::string& id() const { return id_; }

  // Members sorted. `explain` adds scores and token counts to `selection_audit.included`.
  json::Value to_json(bool with_doctrine, bool explain) const;
  // The constraints for an axiom runtime instead of the pack.
  json::Value to_axiom_json(bool with_doctrine) const;
  // What another runtime must keep to: cortex.boundary.constraint_envelope.v1. No claim is in it.
  json::Value to_boundary_json() const;
  // What is kept of the pack: ids and hashes, no claim.
  json::Value to_record() const;
  json::Value selection_audit(bool explain) const;

 private:
  trust::ClaimCeiling ceiling() const;
  json::Value ref_json(const Ref& ref) const;
  std::uint64_t bytes_of(const Ref& ref) const;
  bool admits(const Ref& ref, std::uint64_t bytes);
  json::Array doctrine_json() const;
  json::Array exclusions_json(bool audit) const;
  json::Value advisory_json() const;
  json::Array constraints() const;

  std::string id_, task_;
  std::uint64_t max_tokens_;
  Labels labels_;
  std::vector<Ref> refs_;
  std::vector<Doctrine> doctrine_;
  std::vector<Exclusion> exclusions_;
  std::map<std::string, std::uint64_t> exclusion_counts_;
  std::uint64_t bytes_ = 0;
};

// What may be said of a memory with a whole proof, by its authority.
trust::ClaimCeiling ceiling_of(const Ref& ref, Labels labels);

// True when a text looks like something to be run: "$(", a backtick, "bash -c", "curl " and others.
bool is_exec_shaped(std::string_view text);

}  // namespace cortex::context
