#include "crypto/p256.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "crypto/sha256.h"

namespace cortex::crypto {
namespace {

// RFC 6979, A.2.5: the key, and its signature of "sample" with SHA-256 as DER.
constexpr std::string_view kRfcKey =
    "3059301306072a8648ce3d020106082a8648ce3d030107034200"
    "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
    "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
constexpr std::string_view kRfcSignature =
    "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

TEST(P256, PublishedSignatureHolds) {
  const auto key = P256PublicKey::from_spki(from_hex(kRfcKey).value());
  ASSERT_TRUE(key.ok());
  const auto signature = from_hex(kRfcSignature).value();
  EXPECT_TRUE(key->verify("sample", signature));
  EXPECT_TRUE(key->verify_digest(sha256("sample"), signature));
  EXPECT_FALSE(key->verify("Sample", signature));
  EXPECT_EQ(to_hex(key->spki()), kRfcKey);
}

TEST(P256, EveryFlippedBitOfASignatureIsRefused) {
  const auto key = P256PublicKey::from_spki(from_hex(kRfcKey).value());
  auto signature = from_hex(kRfcSignature).value();
  for (std::size_t bit = 0; bit < signature.size() * 8; ++bit) {
    signature[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    EXPECT_FALSE(key->verify("sample", signature)) << bit;
    signature[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
  }
  EXPECT_FALSE(key->verify("sample", {}));
  signature.push_back(0);
  EXPECT_FALSE(key->verify("sample", signature)) << "bytes behind the signature";
}

TEST(P256, WhatIsNoKeyOnThisCurveIsRefused) {
  auto der = from_hex(kRfcKey).value();
  der.push_back(0);
  EXPECT_FALSE(P256PublicKey::from_spki(der).ok()) << "bytes behind the key";
  der.resize(40);
  EXPECT_FALSE(P256PublicKey::from_spki(der).ok()) << "half a key";
  EXPECT_FALSE(P256PublicKey::from_spki({}).ok());
  const auto ed25519 =
      from_base64("MCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=").value();
  const auto other = P256PublicKey::from_spki(ed25519);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, Code::kPrecondition);
  EXPECT_FALSE(P256PublicKey::from_pem("-----BEGIN PUBLIC KEY-----\n").ok());
  EXPECT_FALSE(P256PublicKey::from_pem("-----BEGIN CERTIFICATE-----\nAAAA\n").ok());
  EXPECT_FALSE(P256PublicKey::from_pem(std::string(1U << 17, 'A')).ok());
}

TEST(P256, OwnSignaturesHoldUnderTheKeyThatIsPublished) {
  const auto key = P256SigningKey::generate();
  ASSERT_TRUE(key.ok());
  const auto signature = key->sign("an anchor");
  ASSERT_TRUE(signature.ok());
  const auto published = P256PublicKey::from_pem(key->public_key_pem());
  ASSERT_TRUE(published.ok());
  EXPECT_TRUE(published->verify("an anchor", *signature));
  EXPECT_FALSE(published->verify("another", *signature));
  EXPECT_EQ(published->spki(), key->public_key().spki());
}

}  // namespace
}  // namespace cortex::crypto
