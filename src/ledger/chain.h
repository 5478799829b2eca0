// The hash chain (docs/formats.md, "Ledger row"): pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/event.h"
#include "crypto/digest.h"

namespace cortex::ledger {

// BLAKE3(0x01 | u64le(len(prev)) prev | u64le(len(payload_hash)) payload_hash), as lower-case hex.
// The hex text of the hashes is hashed; a genesis row has no `prev`, which counts as empty.
std::string event_hash(const std::optional<std::string>& prev, std::string_view payload_hash);
// The bytes that are hashed, for callers with a hasher of their own. Replaces `out`.
void event_hash_preimage(const std::optional<std::string>& prev, std::string_view payload_hash,
                         std::string& out);

// Fills the three hash members of `event` from its canonical payload and the head it follows
// (nullopt: genesis).
void seal(core::Event& event, const std::optional<std::string>& head);

// Row coverage (docs/formats.md, "Row hash"): BLAKE3(0x30 | lp(previous) | lp(row)) as lower-case
// hex, lp(x) being the u64be length of x and x. `previous` is the row hash of the covered row
// before, or empty; the row is given as `body`, its text without signature, row hash and closing
// brace. Reuses `hasher`.
crypto::HexDigest row_hash(crypto::Blake3& hasher, std::string_view previous,
                           std::string_view body);
// A row of Cortex's own kind, which no other program wrote before: with one of these the coverage
// of a ledger begins at the latest.
bool begins_coverage(const core::Event& event);

// A row that marks the v1 to v2 cutover: recognised by schema version, type and payload kind alone.
bool is_boundary(const core::Event& event, std::string_view payload);

}  // namespace cortex::ledger
