#include "crypto/blake3_tree.h"

#include <blake3.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"

namespace cortex::crypto {
namespace {

using Words = std::array<std::uint32_t, 16>;

constexpr std::array<std::uint32_t, 8> kIv = {0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A,
                                              0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19};
constexpr std::array<std::uint8_t, 16> kPermutation = {2, 6,  3,  10, 7, 0,  4,  13,
                                                       1, 11, 12, 5,  9, 14, 15, 8};
constexpr std::uint32_t kParentFlag = 4;
constexpr std::uint64_t kChunksOfBlock = kTreeBlockBytes / 1024;

void mix(Words& v, std::size_t a, std::size_t b, std::size_t c, std::size_t d, std::uint32_t x,
         std::uint32_t y) {
  v[a] = v[a] + v[b] + x;
  v[d] = std::rotr(v[d] ^ v[a], 16);
  v[c] = v[c] + v[d];
  v[b] = std::rotr(v[b] ^ v[c], 12);
  v[a] = v[a] + v[b] + y;
  v[d] = std::rotr(v[d] ^ v[a], 8);
  v[c] = v[c] + v[d];
  v[b] = std::rotr(v[b] ^ v[c], 7);
}

void mix_round(Words& v, const Words& m) {
  mix(v, 0, 4, 8, 12, m[0], m[1]);
  mix(v, 1, 5, 9, 13, m[2], m[3]);
  mix(v, 2, 6, 10, 14, m[4], m[5]);
  mix(v, 3, 7, 11, 15, m[6], m[7]);
  mix(v, 0, 5, 10, 15, m[8], m[9]);
  mix(v, 1, 6, 11, 12, m[10], m[11]);
  mix(v, 2, 7, 8, 13, m[12], m[13]);
  mix(v, 3, 4, 9, 14, m[14], m[15]);
}

std::uint32_t load(const std::uint8_t* bytes) {
  std::uint32_t word = 0;
  for (int i = 3; i >= 0; --i) word = word << 8U | bytes[i];
  return word;
}

// The value of an inner node. The library keeps this step to itself; it runs once a block.
ChainingValue parent(const ChainingValue& left, const ChainingValue& right) {
  Words message;
  for (std::size_t i = 0; i < 8; ++i) {
    message[i] = load(left.data() + 4 * i);
    message[i + 8] = load(right.data() + 4 * i);
  }
  Words v;
  std::ranges::copy(kIv, v.begin());
  std::copy_n(kIv.begin(), 4, v.begin() + 8);
  v[12] = v[13] = 0;  // the counter of a parent
  v[14] = 64;
  v[15] = kParentFlag;
  for (int round = 0; round < 7; ++round) {
    mix_round(v, message);
    Words permuted;
    for (std::size_t i = 0; i < 16; ++i) permuted[i] = message[kPermutation[i]];
    message = permuted;
  }
  ChainingValue out;
  for (std::size_t i = 0; i < 8; ++i) {
    const std::uint32_t word = v[i] ^ v[i + 8];
    for (std::size_t byte = 0; byte < 4; ++byte) {
      out[4 * i + byte] = static_cast<std::uint8_t>(word >> (8 * byte));
    }
  }
  return out;
}

}  // namespace

ChainingValue block_value(std::string_view block, std::uint64_t index) {
  CORTEX_CHECK(block.size() == kTreeBlockBytes);
  static_cast<void>(blake3(""));  // the processor is looked at before threads are (digest.cc)
  blake3_hasher hasher;
  blake3_hasher_init(&hasher);
  hasher.chunk.chunk_counter = index * kChunksOfBlock;
  blake3_hasher_update(&hasher, block.data(), block.size());
  // The library joins subtrees as late as it can: the two halves of the block are on its stack.
  CORTEX_CHECK(hasher.cv_stack_len == 2);
  ChainingValue left, right;
  std::memcpy(left.data(), hasher.cv_stack, left.size());
  std::memcpy(right.data(), hasher.cv_stack + left.size(), right.size());
  return parent(left, right);
}

void Blake3Tree::add(const ChainingValue& value) {
  ChainingValue joined = value;
  for (std::uint64_t n = blocks_; (n & 1U) != 0; n >>= 1U) {
    joined = parent(stack_.back(), joined);
    stack_.pop_back();
  }
  stack_.push_back(joined);
  ++blocks_;
}

Digest Blake3Tree::finish(std::string_view tail) const {
  CORTEX_CHECK(!tail.empty() || blocks_ == 0);
  static_cast<void>(blake3(""));
  blake3_hasher hasher;
  blake3_hasher_init(&hasher);
  for (std::size_t i = 0; i < stack_.size(); ++i) {
    std::memcpy(hasher.cv_stack + i * sizeof(ChainingValue), stack_[i].data(),
                sizeof(ChainingValue));
  }
  hasher.cv_stack_len = static_cast<std::uint8_t>(stack_.size());
  hasher.chunk.chunk_counter = blocks_ * kChunksOfBlock;
  blake3_hasher_update(&hasher, tail.data(), tail.size());
  Digest out;
  blake3_hasher_finalize(&hasher, out.data(), out.size());
  return out;
}

}  // namespace cortex::crypto
