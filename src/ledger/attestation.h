// The bytes that attestations and key rotations sign (docs/formats.md, "Attestations"): pure
// functions. Ed25519 over these bytes is the signature.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/time.h"
#include "core/event.h"
#include "crypto/ed25519.h"

namespace cortex::ledger {

inline constexpr std::uint16_t kAttestationVersion = 1;

// What a signature is chained to: the place in the ledger (user attestations), or the first half of
// the signature before it (signed rows).
using ChainPosition = std::uint64_t;
using Lineage = std::array<std::uint8_t, 32>;  // zeros for the first signed row

struct Attested {
  core::SourceType source = core::SourceType::kRuntime;
  std::string_view source_name;  // tool name or model
  // Child agents only; empty for what stands in ledgers.
  std::string_view agent_id, parent_session_id, delegation_id;
  std::string_view event_id, payload_hash, session_id, ledger_id;
  std::variant<ChainPosition, Lineage> lineage = ChainPosition{0};
  Timestamp signed_at;  // enters with six fraction digits, truncated
  std::string_view key_id;
};

// Replaces `out` by the preimage. O(bytes).
void attestation_preimage(const Attested& what, std::string& out);

std::string rotation_preimage(const crypto::PublicKey& old_key, const crypto::PublicKey& new_key,
                              Timestamp signed_at);

// The first half of a signature: what the next one is chained to.
Lineage lineage_of(const crypto::Signature& signature);

// The name that signatures bind a ledger to: the file name without its last extension, or
// `fallback` when that is not valid UTF-8.
std::string ledger_id_of(std::string_view ledger_path, std::string_view fallback);
inline constexpr std::string_view kSignedRowsLedgerId = "cortex-jsonl";
inline constexpr std::string_view kIngestLedgerId = "events";

}  // namespace cortex::ledger
