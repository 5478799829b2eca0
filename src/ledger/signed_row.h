// Signed rows and key rotations (docs/formats.md, "Signed rows"): what is signed, and how the
// payload of a rotation is written and read. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "core/event.h"
#include "crypto/ed25519.h"
#include "json/value.h"
#include "ledger/attestation.h"

namespace cortex::ledger {

inline constexpr std::uint16_t kRowSignatureVersion = 1;

// Replaces `out` by the bytes that the signature of `event` covers; only members that a row binds
// enter, so it may be sealed or as it was read.
void row_preimage(const core::Event& event, std::string_view ledger_id, const Lineage& lineage,
                  Timestamp signed_at, std::string_view key_id, std::string& out);

// Gives a sealed event its signature and returns what the next signed row is chained to.
Lineage sign_row(core::Event& event, const crypto::SigningKey& key, std::string_view ledger_id,
                 const Lineage& lineage, Timestamp signed_at);

// The 64 bytes of a printed signature, or nothing when it is no base64url of 64 bytes.
std::optional<crypto::Signature> parse_signature(std::string_view base64url);

struct Rotation {
  std::uint16_t schema_version = kAttestationVersion;
  crypto::PublicKey old_key{}, new_key{};
  crypto::Signature signature{};  // by the old key
  Timestamp signed_at;
};

// What the old key signs, as an object: from now on the new key speaks for the old one.
json::Object rotation_envelope(const crypto::SigningKey& old_key, const crypto::PublicKey& new_key,
                               Timestamp signed_at);
// Nothing when a member is missing or of another shape. Nothing is verified: rotation_fault().
std::optional<Rotation> parse_rotation_envelope(const json::Value& envelope);

// The canonical payload of a rotation row; the row itself is a system_note signed by `old_key`.
std::string rotation_payload(const crypto::SigningKey& old_key, const crypto::PublicKey& new_key,
                             Timestamp signed_at);

// The rotation in a payload, or nothing: a payload whose envelope does not parse is no rotation.
std::optional<Rotation> parse_rotation(const core::Event& event, std::string_view payload,
                                       int depth_used);

// Why a rotation away from `active` is refused, or nothing when it holds.
std::optional<std::string> rotation_fault(const Rotation& rotation,
                                          const crypto::PublicKey& active);

}  // namespace cortex::ledger
