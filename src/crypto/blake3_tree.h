// BLAKE3 of a long input in parallel, and of one block at a time: the hash is a tree, and a whole
// block of 1 MiB is a subtree whose value can be computed by itself (BLAKE3 paper, 2.1 and 5.2).
//
// The digest of an input is that of its blocks' values in order and of its tail, the last 1 to
// 2^20 bytes (none for an empty input). Whoever keeps the values can check any block later without
// reading the others, and the values themselves against the digest. Pure, thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "crypto/digest.h"

namespace cortex::crypto {

inline constexpr std::size_t kTreeBlockBytes = 1U << 20U;

// Whole blocks before the tail of an input.
constexpr std::uint64_t tree_blocks(std::uint64_t size_bytes) {
  return size_bytes == 0 ? 0 : (size_bytes - 1) / kTreeBlockBytes;
}

using ChainingValue = std::array<std::uint8_t, 32>;

// Of the block number `index`; `block` has kTreeBlockBytes.
ChainingValue block_value(std::string_view block, std::uint64_t index);

// Joins the values of the blocks 0, 1, 2, ... O(log n) memory.
class Blake3Tree {
 public:
  void add(const ChainingValue& value);
  // `tail`: what follows the blocks; empty only when there was no block. One digest an input.
  Digest finish(std::string_view tail) const;

 private:
  std::vector<ChainingValue> stack_;  // complete subtrees, largest first
  std::uint64_t blocks_ = 0;
};

}  // namespace cortex::crypto
