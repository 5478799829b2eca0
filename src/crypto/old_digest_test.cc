#include "crypto/old_digest.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace cortex::crypto {
namespace {

TEST(OldDigest, PublishedVectors) {
  EXPECT_EQ(to_hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(to_hex(sha1("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(to_hex(ripemd160("abc")), "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
  EXPECT_EQ(to_hex(ripemd160("")), "9c1185a5c5e9fc54612808977ee8f548b2258d31");
}

}  // namespace
}  // namespace cortex::crypto
