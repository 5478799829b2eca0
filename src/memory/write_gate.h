// What may be written down at all: secrets and personal data are taken out or refused before
// anything reaches the disk, and text that was recalled from memory is not stored as new.
//
// Detectors are rows of a table (detectors.h). Scanning is linear in the text, without
// backtracking. What is taken out is replaced by "[redacted:<detector>]"; the text that was there
// appears in no report, no message and no log.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "sqlite/connection.h"

namespace cortex::memory {

enum class GateAction : std::uint8_t {
  kOff,     // not looked for
  kReport,  // found and named, kept
  kRedact,  // taken out
  kRefuse,  // nothing is written
};
std::string_view gate_action_token(GateAction action);  // "redact"
std::optional<GateAction> parse_gate_action(std::string_view token);

// The policy of one store ([memory.write_gate] of the configuration file). `secrets` and `personal`
// replace what the rows of the table ask for; absent, each row's own action holds.
struct GatePolicy {
  std::optional<GateAction> secrets{}, personal{};
  GateAction duplicates = GateAction::kReport;  // kRedact counts as kReport
  GateAction recalled = GateAction::kRefuse;    // kOff or kRefuse
};

struct Finding {
  std::string detector;  // "github_token"
  std::string kind;      // "secret" or "personal"
  GateAction action = GateAction::kRedact;
  std::size_t start = 0, length = 0;  // bytes of the text as it was given

  std::size_t end() const { return start + length; }
};

struct Screened {
  std::string text;
  std::vector<Finding> findings;  // by start
};

// kPrecondition (token memory.write_gate.<detector>) when something must be refused.
Result<Screened> screen(std::string_view text, const GatePolicy& policy);

// How often each detector has taken something out.
using Redactions = std::map<std::string, std::uint64_t>;
// Takes out of all strings of `value` what the policy wants gone, and counts it. A member is judged
// together with its name ({"password": "..."}); names, numbers and the structure stay. What a note
// would be refused for is taken out, too: that it was said cannot be refused. O(text).
void redact_strings(json::Value& value, const GatePolicy& policy, Redactions& redactions);

// kPrecondition (token memory.write_gate.recalled_text) for text that holds parts of a context pack
// or quotes a stored memory under its id: storing it again would make an echo look like a second
// source. O(text) and one query for the ids that it names.
Status refuse_recalled(sqlite::Connection& db, std::string_view text, const GatePolicy& policy);

// [{action, detector, kind, length, start}]
json::Value to_json(const std::vector<Finding>& findings);

}  // namespace cortex::memory
