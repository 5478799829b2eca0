// One memory told whole: `memory show`, `why`, `history`.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "store/contradictions.h"
#include "store/lineage_proof.h"
#include "store/memory_history.h"
#include "store/outcomes.h"

namespace cortex::app {

// An event that a memory rests on, as the mirror of the ledger has it.
struct SourceEvent {
  std::string id, observed_at, type, source, event_hash;
};

struct MemoryStory {
  store::MemoryThen then;            // as it is, or as it was
  std::optional<std::string> as_of;  // the moment asked for
  store::LineageProof proof;
  std::vector<SourceEvent> events;  // memory -> episodes -> events, in the order of the proof
  std::vector<store::MemoryVersion> versions;
  std::vector<store::Contradiction> contradictions;  // open and closed, as of now
  std::set<std::string> open_then;                   // ids of those open now, or at that moment
  std::vector<store::OutcomeReport> outcomes;
  std::vector<store::SessionUse> uses;
  float brightness = 0;
  std::string use_signal;
  std::string truth;             // memory/salience.h
  float usefulness = 0;          // what the outcomes say, apart from truth
  bool penalty_applies = false;  // used again and again without being validated lately
  float use_penalty = 0;
  bool quarantine_due = false;  // somebody should look before it is used further
};

// A constant number of queries. `as_of`: what was known then. kUsage: id, time; kPrecondition: no
// such memory, or none that was known then.
Result<MemoryStory> memory_story(Services& services, const Layout& layout,
                                 const std::string& memory_id,
                                 const std::optional<std::string>& as_of, store::ProofDepth depth);

json::Value show_json(const MemoryStory& story);
json::Value history_json(const MemoryStory& story);
// Why it may be used, or may not: sentences for people, and their tokens.
struct Reason {
  std::string token;  // "proof.full_chain_verified", "status.superseded"
  bool speaks_for = true;
  std::string text;
};
std::vector<Reason> reasons_of(const MemoryStory& story);
json::Value why_json(const MemoryStory& story);

}  // namespace cortex::app
