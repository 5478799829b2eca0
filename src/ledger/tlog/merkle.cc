#include "ledger/tlog/merkle.h"

#include <bit>
#include <utility>

#include "base/check.h"

namespace cortex::ledger {
namespace {

std::string_view text_of(const TreeHash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

// Where a tree of `size` > 1 splits: the largest power of two below it.
std::uint64_t split_of(std::uint64_t size) { return std::bit_floor(size - 1); }

// The hash over entries [begin, end), which lies in the tree as the recursion of the RFC cuts it:
// `begin` is a multiple of every power of two that is cut off here.
Result<TreeHash> range_hash(const HashSource& source, std::uint64_t begin, std::uint64_t end) {
  const std::uint64_t size = end - begin;
  if (std::has_single_bit(size)) {
    const auto level = static_cast<unsigned>(std::countr_zero(size));
    return source(level, begin >> level);
  }
  const std::uint64_t middle = begin + split_of(size);
  CORTEX_ASSIGN(const TreeHash left, range_hash(source, begin, middle));
  CORTEX_ASSIGN(const TreeHash right, range_hash(source, middle, end));
  return node_hash(left, right);
}

}  // namespace

TreeHash leaf_hash(std::string_view entry) {
  crypto::Sha256 hasher;
  hasher.update(std::string_view("\0", 1));
  hasher.update(entry);
  return hasher.finish();
}

TreeHash node_hash(const TreeHash& left, const TreeHash& right) {
  crypto::Sha256 hasher;
  hasher.update("\x01");
  hasher.update(text_of(left));
  hasher.update(text_of(right));
  return hasher.finish();
}

TreeHash empty_tree_root() { return crypto::sha256({}); }

TreeHash subtree_root(std::span<const TreeHash> hashes) {
  CORTEX_CHECK(std::has_single_bit(hashes.size()));
  if (hashes.size() == 1) return hashes[0];
  std::vector<TreeHash> level(hashes.size() / 2);
  for (std::size_t i = 0; i < level.size(); ++i) {
    level[i] = node_hash(hashes[2 * i], hashes[2 * i + 1]);
  }
  for (std::size_t count = level.size() / 2; count > 0; count /= 2) {
    for (std::size_t i = 0; i < count; ++i) level[i] = node_hash(level[2 * i], level[2 * i + 1]);
  }
  return level[0];
}

Result<TreeHash> tree_root(const HashSource& source, std::uint64_t size) {
  if (size == 0) return empty_tree_root();
  return range_hash(source, 0, size);
}

Result<std::vector<TreeHash>> inclusion_proof(const HashSource& source, std::uint64_t index,
                                              std::uint64_t size) {
  CORTEX_CHECK(index < size);
  std::vector<TreeHash> proof;  // from the root down, turned around at the end
  for (std::uint64_t begin = 0, end = size; end - begin > 1;) {
    const std::uint64_t middle = begin + split_of(end - begin);
    const bool is_left = index < middle;
    CORTEX_ASSIGN(const TreeHash sibling,
                  is_left ? range_hash(source, middle, end) : range_hash(source, begin, middle));
    proof.push_back(sibling);
    (is_left ? end : begin) = middle;
  }
  return std::vector<TreeHash>(proof.rbegin(), proof.rend());
}

bool inclusion_holds(const TreeHash& leaf, std::uint64_t index, std::uint64_t size,
                     std::span<const TreeHash> proof, const TreeHash& root) {
  if (index >= size) return false;
  std::uint64_t node = index, last = size - 1;
  TreeHash hash = leaf;
  for (const TreeHash& sibling : proof) {
    if (last == 0) return false;
    if ((node & 1U) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      while ((node & 1U) == 0 && node != 0) {
        node >>= 1U;
        last >>= 1U;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1U;
    last >>= 1U;
  }
  return last == 0 && hash == root;
}

}  // namespace cortex::ledger
