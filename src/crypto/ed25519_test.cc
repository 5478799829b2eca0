#include "crypto/ed25519.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.h"

namespace cortex::crypto {
namespace {

template <class Array>
Array array_of(std::string_view hex) {
  Array out{};
  const auto bytes = from_hex(hex).value();
  EXPECT_EQ(bytes.size(), out.size());
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

std::string text_of(std::string_view hex) {
  const auto bytes = from_hex(hex).value();
  return {bytes.begin(), bytes.end()};
}

struct Vector {
  std::string_view seed, key, message, signature;
};

// RFC 8032, 7.1, TEST 1 to 3.
constexpr Vector kVectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a"},
};

// All points of order 1, 2, 4 and 8.
constexpr std::string_view kLowOrder[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

TEST(Ed25519, PublishedVectorsSignAndVerify) {
  for (const Vector& v : kVectors) {
    const SigningKey key(array_of<Seed>(v.seed));
    EXPECT_EQ(key.key_id(), v.key);
    EXPECT_EQ(to_hex(key.sign(text_of(v.message))), v.signature);
    EXPECT_TRUE(check_public_key(key.public_key()).ok());
    EXPECT_TRUE(
        verify(array_of<PublicKey>(v.key), text_of(v.message), array_of<Signature>(v.signature)));
  }
}

TEST(Ed25519, EveryFlippedBitOfKeyMessageAndSignatureIsRefused) {
  const SigningKey key(array_of<Seed>(kVectors[2].seed));
  const std::string message = "row";
  const Signature good = key.sign(message);
  for (std::size_t bit = 0; bit < 512; ++bit) {
    Signature bad = good;
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(verify(key.public_key(), message, bad)) << bit;
  }
  for (std::size_t bit = 0; bit < 256; ++bit) {
    PublicKey bad = key.public_key();
    bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
    EXPECT_FALSE(verify(bad, message, good)) << bit;
  }
  EXPECT_FALSE(verify(key.public_key(), "roW", good));
  EXPECT_FALSE(verify(key.public_key(), "row ", good));
  EXPECT_FALSE(verify(key.public_key(), "", good));
}

TEST(Ed25519, SignatureWithTheGroupOrderAddedIsRefused) {
  const auto order =
      array_of<Seed>("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  const SigningKey key(array_of<Seed>(kVectors[0].seed));
  Signature twin = key.sign("row");
  unsigned carry = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    carry += static_cast<unsigned>(twin[32 + i]) + order[i];
    twin[32 + i] = static_cast<std::uint8_t>(carry);
    carry >>= 8U;
  }
  ASSERT_EQ(carry, 0U);
  EXPECT_FALSE(verify(key.public_key(), "row", twin));
}

// With the neutral element as key, R = B and S = 1 fulfil the equation for every message.
TEST(Ed25519, KeyOfLowOrderVerifiesNothing) {
  const auto forged = array_of<Signature>(
      "58666666666666666666666666666666666666666666666666666666666666660100000000000000000000000000"
      "000000000000000000000000000000000000");
  EXPECT_FALSE(verify(array_of<PublicKey>(kLowOrder[2]), "anything", forged));
  for (const std::string_view point : kLowOrder) {
    const Status refused = check_public_key(array_of<PublicKey>(point));
    ASSERT_FALSE(refused.ok()) << point;
    EXPECT_EQ(refused.error().code, Code::kPrecondition);
    EXPECT_NE(refused.error().message.find("low order"), std::string::npos) << point;
    // R of low order with S = 0 and the same point as key.
    Signature zero{};
    const auto key = array_of<PublicKey>(point);
    std::copy(key.begin(), key.end(), zero.begin());
    EXPECT_FALSE(verify(key, "anything", zero)) << point;
  }
}

TEST(Ed25519, WhatIsNoPointOrNotCanonicalIsRefusedAsKey) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"0200000000000000000000000000000000000000000000000000000000000000", "not a point"},
      {"0700000000000000000000000000000000000000000000000000000000000080", "not a point"},
      {"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "canonical"},
      {"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "canonical"},
      {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff", "canonical"},
  };
  for (const auto& [key, reason] : cases) {
    const Status refused = check_public_key(array_of<PublicKey>(key));
    ASSERT_FALSE(refused.ok()) << key;
    EXPECT_NE(refused.error().message.find(reason), std::string::npos) << key;
  }
}

TEST(Ed25519, MovedKeySignsAndTheOldOneIsEmpty) {
  SigningKey first(array_of<Seed>(kVectors[1].seed));
  const Signature expected = first.sign("row");
  SigningKey second(std::move(first));
  EXPECT_EQ(second.sign("row"), expected);
  SigningKey third(array_of<Seed>(kVectors[0].seed));
  third = std::move(second);
  EXPECT_EQ(third.sign("row"), expected);
}

TEST(Ed25519, WipeOverwrites) {
  Seed seed = array_of<Seed>(kVectors[1].seed);
  wipe(seed);
  EXPECT_EQ(seed, Seed{});
}

}  // namespace
}  // namespace cortex::crypto
