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

#include "core/sensitivity.h"
#include "json/value.h"
#include "trust/ceiling.h"
#include "trust/semantic.h"

namespace cortex::context {

// Labels and counting of reference 0.1.2, or those of the memory itself.
enum class Labels : std::uint8_t { kReference, kOwn };

enum class Sensitivity : std::uint8_t { kPublic, kInternal, kPersonal, kSecret };
std::string_view sensitivity_token(Sensitivity sensitivity);
// Of what is marked (core/sensitivity.h): high is secret, medium personal, everything else
// internal.
Sensitivity sensitivity_of(core::Sensitivity marked);
Sensitivity sensitivity_of(const std::vector<std::string>& tags);

// Who reads the pack. An operator's may hold what is personal and names what it leaves out;
// kOperatorRaw holds the payloads of the events behind its memories, too.
enum class Mode : std::uint8_t { kExternal, kOperator, kOperatorRaw };

// How tokens are told from a text: bytes / 4, bytes / 3, or characters / 4, rounded up.
enum class Estimator : std::uint8_t { kBytes4, kBytes3, kChars4 };
std::optional<Estimator> parse_estimator(std::string_view token);  // "bytes/4"

// The payload of an event, as the ledger has it.
struct RawEvent {
  std::string event_id;
  json::Value payload;
};

// Bytes of a summary, and the events that they come from.
struct Span {
  std::uint64_t byte_start = 0, byte_end = 0;
  std::vector<std::string> event_ids;
  std::string authority;  // the most that one of the events has
};

struct Ref {
  std::string memory_id, claim, authority;
  std::vector<std::string> tags;
  double confidence = 0;
  float score = 0;
  std::vector<RawEvent> raw_events{};  // only for Mode::kOperatorRaw
  std::optional<Span> span{};          // `claim` is that part of the memory's
  bool unvalidated_use = false;        // used again and again, and nobody ever validated it
  Sensitivity marked_since = Sensitivity::kPublic;  // after the moment that `tags` are of

  Sensitivity sensitivity() const;  // the higher one of both
};

struct Doctrine {
  std::string id, rule, force, promotion_reason, source_principle, created_at;
};

struct Exclusion {
  std::string ref_id;  // of a memory, event or doctrine row
  std::string ref_kind = "memory";
  std::string reason;     // "contradiction", "token_budget", "redaction_policy", "other"
  std::string rationale;  // one sentence
  Sensitivity sensitivity = Sensitivity::kInternal;

  // External packs do not name what is personal or secret.
  bool hidden(Mode mode = Mode::kExternal) const {
    return mode == Mode::kExternal && sensitivity >= Sensitivity::kPersonal;
  }
};

// Exclusions that a pack spells out; all are counted by reason.
inline constexpr std::size_t kExclusionsListed = 256;

class Pack {
 public:
  // Exclusions that are spelled out: the first of all, or those of them that were judged for what
  // they are. What did not fit is counted there, which is enough of a record.
  enum class Kept : std::uint8_t { kAll, kJudged };

  Pack(std::string id, std::string task, std::uint64_t max_tokens, Labels labels,
       Mode mode = Mode::kExternal, Estimator estimator = Estimator::kBytes4);

  // False, and excluded by `token_budget`, when it does not fit any more; payloads give way before
  // their memory does. The proof behind it is whole: that is the caller's to know.
  bool add(Ref ref);
  // Whether what is so sensitive stays out: personal and secret, of an operator's pack secret.
  bool withholds(Sensitivity sensitivity) const;
  // True when it would fit; else notes the exclusion, as add() does.
  bool admits(const Ref& ref);
  void add(const Doctrine& doctrine);  // in the order of the pack; first of all
  void exclude(Exclusion exclusion);
  // More memories that were not looked at, because nothing fits any more (`token_budget`), or
  // because too many before them could not be used (`not_considered`): counted, not listed.
  enum class Rest : std::uint8_t { kDoesNotFit, kNotConsidered };
  void exclude_rest(std::uint64_t memories, Rest why);

  // Memories, or parts of them, that did not fit.
  std::uint64_t unfit() const { return unfit_; }
  // By the estimator, at least 1. kReference: of task and claims; kOwn: of the task and
  // of every ref and doctrine row as it is printed.
  std::uint64_t estimated_tokens() const;
  bool within_budget() const { return estimated_tokens() <= max_tokens_; }
  const std::vector<Ref>& refs() const { return refs_; }
  const std::vector<Doctrine>& doctrine() const { return doctrine_; }
  const std::vector<Exclusion>& exclusions() const { return exclusions_; }
  const std::string& id() const { return id_; }
  Mode mode() const { return mode_; }

  // Members sorted. `explain` adds scores and token counts to `selection_audit.included`.
  json::Value to_json(bool with_doctrine, bool explain) const;
  // The constraints for an axiom runtime instead of the pack.
  json::Value to_axiom_json(bool with_doctrine) const;
  // What another runtime must keep to: cortex.boundary.constraint_envelope.v1. No claim is in it.
  json::Value to_boundary_json() const;
  // What is kept of the pack: ids and hashes, no claim.
  json::Value to_record() const;
  json::Value selection_audit(bool explain, Kept kept) const;
  // What its readers are told: that it is data, and what kinds of it are in there.
  json::Value advisory_json() const;

 private:
  trust::ClaimCeiling ceiling() const;
  json::Value ref_json(const Ref& ref) const;
  // Sizes are in bytes or characters, as the estimator counts.
  std::uint64_t measure(std::string_view text) const;
  std::uint64_t tokens_of(std::uint64_t size) const;
  std::uint64_t size_of(const Ref& ref) const;
  std::uint64_t size_of(const RawEvent& event, bool is_first) const;  // what it adds to its ref
  bool fits(std::uint64_t size) const;
  std::uint64_t least_size(std::uint64_t id, std::uint64_t claim) const;
  void exclude_for_size(const Ref& ref);
  bool is_raw() const { return mode_ == Mode::kOperatorRaw; }
  json::Array doctrine_json() const;
  json::Array exclusions_json(bool audit, Kept kept) const;
  json::Array constraints() const;

  std::string id_, task_;
  std::uint64_t max_tokens_;
  Labels labels_;
  Mode mode_;
  Estimator estimator_;
  std::vector<Ref> refs_;
  std::vector<Doctrine> doctrine_;
  std::vector<Exclusion> exclusions_;
  std::map<std::string, std::uint64_t> exclusion_counts_;
  std::uint64_t size_ = 0, unfit_ = 0;
  std::uint64_t frame_size_ = 0;  // of the smallest ref, without id and claim
};

// What may be said of a memory with a whole proof, by its authority.
trust::ClaimCeiling ceiling_of(const Ref& ref, Labels labels);

// "external" or "operator".
std::string_view pack_mode_token(Mode mode);

// True when a text looks like something to be run: "$(", a backtick, "bash -c", "curl " and others.
bool is_exec_shaped(std::string_view text);

}  // namespace cortex::context
