// A public key of either scheme: what transparency logs, update repositories and witnesses sign
// with.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

#include "crypto/ed25519.h"
#include "crypto/p256.h"

namespace cortex::crypto {

using AnyPublicKey = std::variant<PublicKey, P256PublicKey>;

// `signature`: 64 bytes for Ed25519, DER for P-256; of any other form it does not hold. Pure; the
// cost is that of the scheme.
bool verify_any(const AnyPublicKey& key, std::string_view message,
                std::span<const std::uint8_t> signature);

}  // namespace cortex::crypto
