// A row of audit_records.jsonl that attests what a person brought in (docs/formats.md, 6.8):
// reading and checking it. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "base/ulid.h"
#include "core/event.h"
#include "crypto/ed25519.h"

namespace cortex::ledger {

struct UserAttestation {
  core::SourceType source = core::SourceType::kUser;  // or kManualCorrection
  Ulid event_id;
  crypto::PublicKey key{};
  std::string key_id;  // lower-case hex of `key`
  Timestamp signed_at;
  crypto::Signature signature{};
};

// The operation of the rows that attest events of this source; empty for sources that need none.
std::string_view attestation_operation(core::SourceType source);

// One line without its newline. nullopt: a well-formed row of another operation. Error kIntegrity:
// no such row, or one of an attestation that has not exactly the documented shape, with the reason.
// Everything but its own id is pinned, by the shape or by the signature.
Result<std::optional<UserAttestation>> parse_user_attestation(std::string_view line);

// What a signature attests: this event at this place; `rows_before` counts the rows before it.
// O(bytes of the names).
std::string user_attestation_preimage(const core::Event& event, std::uint64_t rows_before,
                                      std::string_view ledger_id, std::string_view key_id,
                                      Timestamp signed_at);

// Whether the signature is one over this event at this place. One verification, some 35
// microseconds.
bool attests(const UserAttestation& attestation, const core::Event& event,
             std::uint64_t rows_before, std::string_view ledger_id);

}  // namespace cortex::ledger
