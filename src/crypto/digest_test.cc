#include "crypto/digest.h"

#include <gtest/gtest.h>

namespace cortex::crypto {
namespace {

TEST(Digest, EmptyInputHasThePublishedDigest) {
  EXPECT_EQ(blake3_hex(""), "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
}

TEST(Digest, EmptyPayloadObjectMatchesTheLedgerVector) {
  EXPECT_EQ(blake3_hex("{}"), "6e46dd10defc9b56c29a6ec56b508c21f54c08192194e4df25bf36f0c9c3c279");
  EXPECT_EQ(blake3_hex("{\"k\":1}"),
            "b79160c54b974355ff03936be3e6f1b60c71d3e9e821557713893e924a97728a");
}

TEST(Digest, PiecewiseInputEqualsOneShotAtEveryBlockBorder) {
  std::string bytes(5000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31);
  for (std::size_t cut : {0U, 1U, 63U, 64U, 65U, 1023U, 1024U, 1025U, 2048U, 4999U, 5000U}) {
    Blake3 hasher;
    hasher.update(std::string_view(bytes).substr(0, cut));
    hasher.update(std::string_view(bytes).substr(cut));
    EXPECT_EQ(hasher.finish(), blake3(bytes)) << cut;
    hasher.reset();
    EXPECT_EQ(hex(hasher.finish()), blake3_hex(""));
  }
}

TEST(Digest, ManifestFormCarriesThePrefix) {
  EXPECT_EQ(prefixed_hex(blake3("")),
            "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
}

}  // namespace
}  // namespace cortex::crypto
