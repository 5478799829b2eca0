// `memory note` and `memory correct`: what an operator says becomes an active memory.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/memory_work.h"
#include "json/value.h"
#include "memory/near_duplicates.h"
#include "memory/write_gate.h"

namespace cortex::app {

struct NoteRequest {
  std::string claim;
  std::vector<std::string> domains;  // none: ["operator_note"]
  double confidence = 0.9;
  std::optional<std::string> valid_from{}, valid_until{};  // as typed
  bool allow_duplicate = false;
  std::string reason{};
};

struct NoteReport {
  std::string memory_id, claim, status = "active";
  std::vector<std::string> domains;
  double confidence = 0;
  std::string event_id;
  std::vector<memory::Finding> redactions;  // what the write gate found in the texts
  std::vector<memory::NearDuplicate> near_duplicates;
  std::string corrects{};  // the memory that this one replaces, or ""
  std::string mirror_note{};
};

// Errors: kUsage (blank or unreadable claim, confidence outside 0..1, times), kPrecondition (no
// store; refused by the write gate). O(claim), whatever the number of memories.
Result<NoteReport> note(Services& services, const Layout& layout, const memory::GatePolicy& policy,
                        NoteRequest request);

// The claim of an active memory was wrong: a new memory takes its place for all the time that it
// was held valid, and it itself is superseded. `request.domains` empty: those of the old one.
Result<NoteReport> correct(Services& services, const Layout& layout,
                           const memory::GatePolicy& policy, const std::string& memory_id,
                           NoteRequest request);

json::Value to_json(const NoteReport& report);

}  // namespace cortex::app
