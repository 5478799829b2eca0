// The verbs that move a memory from state to state: accept, reject, supersede, restore.
#pragma once

#include <optional>
#include <string>

#include "app/memory_work.h"
#include "json/value.h"
#include "store/lineage_proof.h"
#include "trust/policy.h"

namespace cortex::app {

// What came of `memory accept`. A refusal by the gates is a report, with the error and the votes.
struct AcceptReport {
  std::string memory_id, event_id;
  std::optional<Error> refused{};
  std::optional<trust::Decision> decision{};  // absent when it did not come to the vote
  std::string mirror_note{};
};
inline constexpr std::string_view kAcceptProofInvariant =
    "cortex_memory.lifecycle.accept.proof_closure";

// All gates of acceptance: proof, open contradictions, semantic trust, attestation; then candidate
// becomes active, with an audit row that names the command or the tool.
// Errors: what keeps it from being judged at all (no store, no id).
Result<AcceptReport> accept_memory(Services& services, const Layout& layout, const Author& author,
                                   const std::string& memory_id, store::ProofDepth depth);
json::Value to_json(const AcceptReport& report);

struct MoveReport {
  std::string operation;  // "memory.reject"
  std::string memory_id, from, to, event_id;
  std::string by{};                    // what superseded it
  std::optional<std::string> since{};  // when it stopped being valid
  std::string note{};                  // why it did not go further
  std::string mirror_note{};
};

// Errors: kUsage (ids, times, a blank reason), kPrecondition (unknown memory, a way that is not in
// the table of transitions; the message names the state).
Result<MoveReport> reject_memory(Services& services, const Layout& layout, const Author& author,
                                 const std::string& memory_id, const std::string& reason);
// `since`: from when on the other one holds; absent: now. Nothing is overwritten: what was believed
// before, and when it held, stays answerable.
Result<MoveReport> supersede_memory(Services& services, const Layout& layout, const Author& author,
                                    const std::string& memory_id, const std::string& by,
                                    const std::optional<std::string>& since,
                                    const std::string& reason);
// Back to what it was. A memory that was active becomes active again only with a whole proof and
// without an open contradiction, else a candidate.
Result<MoveReport> restore_memory(Services& services, const Layout& layout, const Author& author,
                                  const std::string& memory_id, const std::string& reason,
                                  store::ProofDepth depth);
json::Value to_json(const MoveReport& report);

}  // namespace cortex::app
