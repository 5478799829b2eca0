#include "crypto/blake3_tree.h"

#include <gtest/gtest.h>

#include <string>

namespace cortex::crypto {
namespace {

std::string bytes(std::size_t count) {
  std::string out(count, '\0');
  std::uint32_t state = 1;
  for (char& c : out) {
    state = state * 1664525U + 1013904223U;
    c = static_cast<char>(state >> 24U);
  }
  return out;
}

TEST(Blake3Tree, IsTheDigestOfTheWholeForEverySizeAroundBlocks) {
  constexpr std::size_t kBlock = kTreeBlockBytes;
  const std::string all = bytes(9 * kBlock + 5000);
  for (const std::size_t blocks : {0U, 1U, 2U, 3U, 4U, 5U, 7U, 8U, 9U}) {
    for (const std::size_t more : {0U, 1U, 1023U, 1024U, 1025U, 4096U, 5000U}) {
      const std::string_view text = std::string_view(all).substr(0, blocks * kBlock + more);
      Blake3Tree tree;
      const std::uint64_t whole = tree_blocks(text.size());
      for (std::uint64_t i = 0; i < whole; ++i) {
        tree.add(block_value(text.substr(i * kBlock, kBlock), i));
      }
      EXPECT_EQ(tree.finish(text.substr(whole * kBlock)), blake3(text)) << blocks << '+' << more;
    }
  }
}

TEST(Blake3Tree, AValueBelongsToItsBlockAndItsPlace) {
  const std::string block = bytes(kTreeBlockBytes);
  std::string other = block;
  other[500'000] ^= 1;
  EXPECT_NE(block_value(block, 0), block_value(other, 0));
  EXPECT_NE(block_value(block, 0), block_value(block, 1));
  EXPECT_EQ(block_value(block, 3), block_value(block, 3));
}

}  // namespace
}  // namespace cortex::crypto
