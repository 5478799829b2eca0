#include "crypto/sha256.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace cortex::crypto {
namespace {

// FIPS 180-4 examples.
TEST(Sha256, PublishedVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecewiseInputEqualsOneShotAtEveryBlockBorder) {
  std::string bytes(300, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31);
  Sha256 hasher;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    hasher.reset();
    hasher.update(std::string_view(bytes).substr(0, cut));
    EXPECT_EQ(hasher.finish(), sha256(std::string_view(bytes).substr(0, cut)));
    hasher.update(std::string_view(bytes).substr(cut));
    EXPECT_EQ(hasher.finish(), sha256(bytes)) << cut;
  }
}

TEST(Sha256, CopyGoesItsOwnWay) {
  Sha256 first;
  first.update("a");
  Sha256 second = first;
  first.update("bc");
  second.update("xx");
  EXPECT_EQ(to_hex(first.finish()), sha256_hex("abc"));
  EXPECT_EQ(to_hex(second.finish()), sha256_hex("axx"));
}

}  // namespace
}  // namespace cortex::crypto
