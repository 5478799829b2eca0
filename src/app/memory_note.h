// `memory note` and `memory correct`: what somebody says becomes an active memory, or one that
// waits for a commit. Who it was stands in the ledger; what an agent says is no operator's word
// (Verdict::noted_by_agent).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/memory_work.h"
#include "json/value.h"
#include "memory/near_duplicates.h"

namespace cortex::app {

struct NoteRequest {
  std::string claim;
  std::vector<std::string> domains;  // none: ["operator_note"]
  bool untagged = false;             // none are meant
  double confidence = 0.9;
  std::optional<std::string> valid_from{}, valid_until{};  // as typed
  bool allow_duplicate = false;
  bool pending = false;  // hidden until a person commits it
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
Result<NoteReport> note(Services& services, const Layout& layout, const Author& author,
                        NoteRequest request);

// The claim of an active memory was wrong: a new memory takes its place for all the time that it
// was held valid, and it itself is superseded. `request.domains` empty: those of the old one.
Result<NoteReport> correct(Services& services, const Layout& layout, const Author& author,
                           const std::string& memory_id, NoteRequest request);

json::Value to_json(const NoteReport& report);

}  // namespace cortex::app
