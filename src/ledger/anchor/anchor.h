// Anchors: "at this time the ledger had n rows, and row n had this hash" (docs/formats.md,
// "Anchors"). Whoever keeps one elsewhere can tell later whether rows were changed or cut off. Text
// and rules; who makes and reads the files is app/audit_anchor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/chain_check.h"

namespace cortex::ledger {

struct Anchor {
  Timestamp at;                   // whole seconds when written
  std::uint64_t event_count = 0;  // names the row: the n-th that is not blank
  std::string head;               // its event_hash, 64 lower-case hex characters
};

// Header and record, with their line ends.
std::string anchor_text(const Anchor& anchor);

// Exactly one record. Errors: Code::kPrecondition, token anchor.format.{empty, header, body,
// trailing, fields, time, count, hash}.
Result<Anchor> parse_anchor(std::string_view text);

// One or more records. Token anchor.format.* as above, or, with Code::kIntegrity,
// anchor.history.count_decreases: times may go back, counts may not.
Result<std::vector<Anchor>> parse_anchor_history(std::string_view text);

// Does the ledger hold what the anchor says? `chain` is the report of a pass over it that was asked
// for the anchor's position (VerifyOptions::positions). Code::kIntegrity, token
// anchor.ledger_shorter, anchor.no_position or anchor.head_mismatch.
Status check_anchor(const Anchor& anchor, const ChainReport& chain);

}  // namespace cortex::ledger
