// Ed25519 (RFC 8032, pure): signing and strict verification.
//
// verify() accepts exactly: S below the group order, the cofactorless equation, and neither a
// public key nor an R of low order or in non-canonical form. What an honest signer makes is always
// accepted; of several encodings of "the same" signature one at most is. All functions are pure and
// thread-safe; a verification costs about 35 microseconds, a signature 20.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cortex::crypto {

using PublicKey = std::array<std::uint8_t, 32>;
using Seed = std::array<std::uint8_t, 32>;  // secret; whoever holds one wipes it
using Signature = std::array<std::uint8_t, 64>;

// Overwrites secret bytes in a way the compiler does not remove.
void wipe(std::span<std::uint8_t> secret);

// A private key. It is wiped on destruction and on being moved from, is never copied, and cannot be
// printed.
class SigningKey {
 public:
  explicit SigningKey(const Seed& seed);
  SigningKey(SigningKey&& other) noexcept;
  SigningKey& operator=(SigningKey&& other) noexcept;
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  ~SigningKey();

  const PublicKey& public_key() const { return public_key_; }
  std::string key_id() const;  // lower-case hex of the public key
  Signature sign(std::string_view message) const;

 private:
  std::array<std::uint8_t, 64> secret_;  // seed, then public key
  PublicKey public_key_;
};

bool verify(const PublicKey& key, std::string_view message, const Signature& signature);

// A key that nothing could be verified with is refused where it comes in. Fails with
// Code::kPrecondition: not a point of the curve, not in canonical form, or of low order (such a key
// "verifies" signatures that nobody made).
Status check_public_key(const PublicKey& key);

// Lower-case hex of the public key: how formats name a key.
std::string key_id(const PublicKey& key);

}  // namespace cortex::crypto
