// The operator's signature under a migration to v2 (docs/formats.md, 17.2).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"

namespace cortex::app {

// What the operator signs: where the migration starts from.
struct AttestedBoundary {
  std::string previous_v1_head_hash;
  std::string migration_script_digest;
  std::string fixture_verification_result_hash;

  friend bool operator==(const AttestedBoundary&, const AttestedBoundary&) = default;
};

struct MigrationAttestation {
  AttestedBoundary boundary;
  std::string operator_key_id;
  crypto::PublicKey operator_key{};
  Timestamp signed_at;
  crypto::Signature signature{};
};

MigrationAttestation sign_migration(const crypto::SigningKey& key, std::string key_id,
                                    AttestedBoundary boundary, Timestamp now);

// The file: pretty JSON, sorted, no final newline.
std::string attestation_text(const MigrationAttestation& attestation);

// Reads the file and checks it against the boundary that it must be about, in the documented order:
// shape, version, purpose, boundary member by member, key, signature. Error kPrecondition.
Result<MigrationAttestation> verify_attestation(std::string_view text,
                                                const AttestedBoundary& expected);

}  // namespace cortex::app
