#include "crypto/p256.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <climits>
#include <utility>

#include "base/check.h"

namespace cortex::crypto {
namespace {

EVP_PKEY* key_of(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }

std::shared_ptr<void> own(EVP_PKEY* key) {
  return {key, [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); }};
}

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

// OpenSSL keeps what went wrong in a queue of the thread; nobody else reads it.
Error refused(std::string message) {
  ERR_clear_error();
  return with_token(make_error(Code::kPrecondition, std::move(message)), "crypto.p256.key_refused");
}

bool is_p256(EVP_PKEY* key) {
  char group[64];
  std::size_t size = 0;
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
         std::string_view(group, size) == SN_X9_62_prime256v1;
}

}  // namespace

Result<P256PublicKey> P256PublicKey::from_spki(std::span<const std::uint8_t> der) {
  constexpr std::size_t kSpkiBytesMax = 4096;
  if (der.empty() || der.size() > kSpkiBytesMax) return refused("this is no X.509 public key");
  const unsigned char* at = der.data();
  const auto key = own(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (key == nullptr || at != der.data() + der.size()) {
    return refused("this is no X.509 public key");
  }
  if (!is_p256(key_of(key))) return refused("the public key is not on the curve P-256");
  return P256PublicKey(key);
}

Result<P256PublicKey> P256PublicKey::from_pem(std::string_view pem) {
  constexpr std::size_t kPemBytesMax = 64U << 10;
  if (pem.size() > kPemBytesMax) return refused("the PEM text is too long for a key");
  const Bio text(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free_all);
  std::shared_ptr<void> key;
  if (pem.find("BEGIN CERTIFICATE") != std::string_view::npos) {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr), &X509_free);
    if (certificate != nullptr) key = own(X509_get_pubkey(certificate.get()));
  } else {
    key = own(PEM_read_bio_PUBKEY(text.get(), nullptr, nullptr, nullptr));
  }
  if (key == nullptr) return refused("this is neither a PEM public key nor a certificate");
  if (!is_p256(key_of(key))) return refused("the public key is not on the curve P-256");
  return P256PublicKey(key);
}

bool P256PublicKey::verify(std::string_view message,
                           std::span<const std::uint8_t> der_signature) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  const bool holds =
      context != nullptr &&
      EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_of(key_)) == 1 &&
      EVP_DigestVerify(context.get(), der_signature.data(), der_signature.size(), bytes,
                       message.size()) == 1;
  ERR_clear_error();
  return holds;
}

bool P256PublicKey::verify_digest(std::span<const std::uint8_t> digest,
                                  std::span<const std::uint8_t> der_signature) const {
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new(key_of(key_), nullptr), &EVP_PKEY_CTX_free);
  const bool holds = context != nullptr && EVP_PKEY_verify_init(context.get()) == 1 &&
                     EVP_PKEY_verify(context.get(), der_signature.data(), der_signature.size(),
                                     digest.data(), digest.size()) == 1;
  ERR_clear_error();
  return holds;
}

std::vector<std::uint8_t> P256PublicKey::spki() const {
  unsigned char* der = nullptr;
  const int size = i2d_PUBKEY(key_of(key_), &der);
  CORTEX_CHECK(size > 0);
  std::vector<std::uint8_t> out(der, der + size);
  OPENSSL_free(der);
  return out;
}

Result<P256SigningKey> P256SigningKey::generate() {
  std::string curve = SN_X9_62_prime256v1;
  const auto key = own(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", curve.data()));
  if (key == nullptr) {
    ERR_clear_error();
    return make_error(Code::kInternal, "no P-256 key could be generated");
  }
  return P256SigningKey(key);
}

Result<std::vector<std::uint8_t>> P256SigningKey::sign(std::string_view message) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        &EVP_MD_CTX_free);
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  std::vector<std::uint8_t> out(128);
  std::size_t size = out.size();
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_of(key_)) != 1 ||
      EVP_DigestSign(context.get(), out.data(), &size, bytes, message.size()) != 1) {
    ERR_clear_error();
    return make_error(Code::kInternal, "a P-256 signature could not be made");
  }
  out.resize(size);
  return out;
}

std::string P256SigningKey::public_key_pem() const {
  const Bio text(BIO_new(BIO_s_mem()), &BIO_free_all);
  CORTEX_CHECK(text != nullptr && PEM_write_bio_PUBKEY(text.get(), key_of(key_)) == 1);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(text.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

}  // namespace cortex::crypto
