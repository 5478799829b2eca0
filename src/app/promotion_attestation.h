// What an operator signs when a principle becomes doctrine, as `promoted_by_json` keeps it
// (docs/formats.md, "Principles"). No store.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "crypto/ed25519.h"
#include "json/value.h"

namespace cortex::app {

struct Promotion {
  std::string principle_id, force, reason;  // force as in rows: "Gate"
};
// BLAKE3 of the canonical {force, operation, principle_id, reason}.
std::string promotion_payload_hash(const Promotion& promotion);

// The whole `promoted_by_json`. `position`: how many promotions were recorded before.
json::Value attest_promotion(const crypto::SigningKey& key, const Promotion& promotion,
                             std::uint64_t position, Timestamp now);

// Recomputes and verifies all of it; the result is the key id. Errors: kPrecondition with what does
// not fit. Whether the key was entitled to sign is another question.
Result<std::string> check_promotion(const json::Value& promoted_by, const Promotion& promotion);

}  // namespace cortex::app
