#include "crypto/sha256.h"

// The low-level functions are used on purpose: the high-level ones look the algorithm up by name
// and allocate, which costs more than hashing a ledger row.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <cstring>
#include <new>

#include "base/text.h"

namespace cortex::crypto {
namespace {

SHA256_CTX* context(std::array<std::uint8_t, 112>& state) {
  return std::launder(reinterpret_cast<SHA256_CTX*>(state.data()));
}

}  // namespace

void Sha256::reset() {
  static_assert(sizeof(SHA256_CTX) <= sizeof state_ && alignof(SHA256_CTX) <= 8);
  static_assert(std::is_trivially_copyable_v<SHA256_CTX>);
  SHA256_CTX fresh;
  SHA256_Init(&fresh);
  std::memcpy(state_.data(), &fresh, sizeof fresh);
}

void Sha256::update(std::string_view bytes) {
  SHA256_Update(context(state_), bytes.data(), bytes.size());
}

Sha256Digest Sha256::finish() const {
  std::array<std::uint8_t, 112> copy = state_;
  Sha256Digest out;
  SHA256_Final(out.data(), context(copy));
  return out;
}

Sha256Digest sha256(std::string_view bytes) {
  Sha256 hasher;
  hasher.update(bytes);
  return hasher.finish();
}

std::string sha256_hex(std::string_view bytes) { return to_hex(sha256(bytes)); }

}  // namespace cortex::crypto
