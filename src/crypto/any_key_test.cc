#include "crypto/any_key.h"

#include <gtest/gtest.h>

#include <vector>

namespace cortex::crypto {
namespace {

TEST(AnyKey, EachSchemeTakesItsOwnSignaturesOnly) {
  const SigningKey ed25519(Seed{7});
  const auto p256 = P256SigningKey::generate();
  ASSERT_TRUE(p256.ok());
  const AnyPublicKey first = ed25519.public_key(), second = p256->public_key();
  const Signature plain = ed25519.sign("text");
  const std::vector<std::uint8_t> der = p256->sign("text").value();
  EXPECT_TRUE(verify_any(first, "text", plain));
  EXPECT_TRUE(verify_any(second, "text", der));
  EXPECT_FALSE(verify_any(first, "texts", plain));
  EXPECT_FALSE(verify_any(second, "texts", der));
  EXPECT_FALSE(verify_any(first, "text", der));
  EXPECT_FALSE(verify_any(second, "text", plain));
  EXPECT_FALSE(verify_any(first, "text", std::span(plain).first(63))) << "a byte is missing";
  EXPECT_FALSE(verify_any(first, "text", {}));
}

}  // namespace
}  // namespace cortex::crypto
