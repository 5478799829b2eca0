#include "crypto/any_key.h"

#include "base/fixed_bytes.h"

namespace cortex::crypto {

bool verify_any(const AnyPublicKey& key, std::string_view message,
                std::span<const std::uint8_t> signature) {
  if (const auto* p256 = std::get_if<P256PublicKey>(&key)) return p256->verify(message, signature);
  const auto bytes = fixed_bytes<Signature>(signature);
  return bytes && verify(std::get<PublicKey>(key), message, *bytes);
}

}  // namespace cortex::crypto
