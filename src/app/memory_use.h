// `memory tag add|remove` and `memory outcome record`.
#pragma once

#include <optional>
#include <string>

#include "app/memory_work.h"
#include "json/value.h"

namespace cortex::app {

struct TagReport {
  std::string memory_id, tag;
  bool add = true;
  bool changed = false;
  std::string event_id{};
};
// Whatever the state of the memory. kPrecondition: a blank tag, an unknown memory, domains that are
// no array of texts.
Result<TagReport> change_tag(Services& services, const Layout& layout, const Author& author,
                             bool add, const std::string& memory_id, const std::string& tag);
json::Value to_json(const TagReport& report);

struct OutcomeRequest {
  std::string memory_id, session, result;  // "helpful", "not-helpful" or "validated"
  std::optional<std::string> note{};
  bool note_in_ref = false;  // the outcome's reference carries the note, as over MCP
  // Of a validation, and required then: for what, by which evidence, by whose key (a seed file).
  std::optional<std::string> scope{}, evidence{}, attestation_path{};
};
struct OutcomeReport {
  std::string memory_id, session, result, outcome_ref, event_id;
  std::optional<std::string> note{};
  std::int64_t use_count = 0, validation_epoch = 0;
  std::optional<json::Value> policy{};  // the decision of a validation
};

// Counts one more use in the session, keeps the first time, moves the last; a validation also moves
// the epoch, and only with three votes: scope, tier of the principal behind the key, evidence.
// `looked_at`, when given, becomes the canonical id once the memory is asked for, whatever comes of
// it.
Result<OutcomeReport> record_outcome(Services& services, const Layout& layout, const Author& author,
                                     OutcomeRequest request, std::string* looked_at = nullptr);
json::Value to_json(const OutcomeReport& report);

// Whether the operation memory.outcome of a validation is signed by the key that it names.
bool validation_holds(const store::OperationRow& row);

}  // namespace cortex::app
