// ECDSA over NIST P-256 with SHA-256, for what transparency logs and update repositories sign with.
// Keys come as X.509 SubjectPublicKeyInfo (DER, or PEM) or inside an X.509 certificate; signatures
// are DER. Keys on other curves are refused. The objects are immutable and thread-safe; a
// verification costs about 70 microseconds.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cortex::crypto {

class P256PublicKey {
 public:
  // Fails with Code::kPrecondition when the bytes are not exactly one P-256 public key.
  static Result<P256PublicKey> from_spki(std::span<const std::uint8_t> der);
  // "PUBLIC KEY", or "CERTIFICATE": the key of its subject. What the certificate itself says is
  // not judged.
  static Result<P256PublicKey> from_pem(std::string_view pem);

  bool verify(std::string_view message, std::span<const std::uint8_t> der_signature) const;
  // `digest`: the SHA-256 of the message.
  bool verify_digest(std::span<const std::uint8_t> digest,
                     std::span<const std::uint8_t> der_signature) const;
  std::vector<std::uint8_t> spki() const;

 private:
  friend class P256SigningKey;
  explicit P256PublicKey(std::shared_ptr<void> key) : key_(std::move(key)) {}
  std::shared_ptr<void> key_;  // EVP_PKEY
};

// A private key that lives as long as the object and is never written anywhere. Randomness is that
// of OpenSSL, seeded by the operating system.
class P256SigningKey {
 public:
  static Result<P256SigningKey> generate();

  Result<std::vector<std::uint8_t>> sign(std::string_view message) const;  // DER
  P256PublicKey public_key() const { return P256PublicKey(key_); }
  std::string public_key_pem() const;  // "-----BEGIN PUBLIC KEY-----..."

 private:
  explicit P256SigningKey(std::shared_ptr<void> key) : key_(std::move(key)) {}
  std::shared_ptr<void> key_;  // EVP_PKEY
};

}  // namespace cortex::crypto
