#include "crypto/ed25519.h"

#include <sodium.h>

#include <algorithm>

#include "base/text.h"

// sodium_init() is not called: it opens a source of randomness and measures the processor, and
// nothing used here needs either.
namespace cortex::crypto {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// y below 2^255 - 19, the sign bit aside.
bool is_canonical(const PublicKey& key) {
  if ((key[31] & 0x7FU) != 0x7FU) return true;
  for (std::size_t i = 30; i > 0; --i) {
    if (key[i] != 0xFFU) return true;
  }
  return key[0] < 0xEDU;
}

Error refused_key(std::string_view what) {
  Error e = make_error(Code::kPrecondition, cat("the Ed25519 public key ", what));
  e.next = "check that the file holds the 32 bytes of a public key, not of a seed";
  return e;
}

}  // namespace

void wipe(std::span<std::uint8_t> secret) { sodium_memzero(secret.data(), secret.size()); }

SigningKey::SigningKey(const Seed& seed) {
  crypto_sign_ed25519_seed_keypair(public_key_.data(), secret_.data(), seed.data());
}

SigningKey::SigningKey(SigningKey&& other) noexcept
    : secret_(other.secret_), public_key_(other.public_key_) {
  wipe(other.secret_);
}

SigningKey& SigningKey::operator=(SigningKey&& other) noexcept {
  if (this == &other) return *this;
  secret_ = other.secret_;
  public_key_ = other.public_key_;
  wipe(other.secret_);
  return *this;
}

SigningKey::~SigningKey() { wipe(secret_); }

std::string SigningKey::key_id() const { return crypto::key_id(public_key_); }

Signature SigningKey::sign(std::string_view message) const {
  Signature out;
  crypto_sign_ed25519_detached(out.data(), nullptr, bytes_of(message), message.size(),
                               secret_.data());
  return out;
}

bool verify(const PublicKey& key, std::string_view message, const Signature& signature) {
  return crypto_sign_ed25519_verify_detached(signature.data(), bytes_of(message), message.size(),
                                             key.data()) == 0;
}

Status check_public_key(const PublicKey& key) {
  if (!is_canonical(key)) return refused_key("is not in canonical form");
  // Eight times a point of low order is the neutral element (0, 1).
  PublicKey sum = key;
  for (int doublings = 0; doublings < 3; ++doublings) {
    PublicKey doubled;
    if (crypto_core_ed25519_add(doubled.data(), sum.data(), sum.data()) != 0) {
      return refused_key("is not a point of the curve");
    }
    sum = doubled;
  }
  PublicKey neutral{};
  neutral[0] = 1;
  if (sum == neutral) return refused_key("has low order");
  return {};
}

std::string key_id(const PublicKey& key) { return to_hex(key); }

}  // namespace cortex::crypto
