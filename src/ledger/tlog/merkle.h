// The Merkle tree of RFC 6962 over SHA-256: hashes, proofs and their verification, as pure
// functions. Where the hashes of full subtrees are kept is none of their business (tiles.h).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/sha256.h"

namespace cortex::ledger {

using TreeHash = crypto::Sha256Digest;

TreeHash leaf_hash(std::string_view entry);                       // SHA-256(0x00 | entry)
TreeHash node_hash(const TreeHash& left, const TreeHash& right);  // SHA-256(0x01 | l | r)
TreeHash empty_tree_root();                                       // SHA-256()
// Root of a full subtree. The count must be a power of two. O(count) hashes.
TreeHash subtree_root(std::span<const TreeHash> hashes);

// The hash of the full subtree over entries [index << level, (index + 1) << level).
using HashSource = std::function<Result<TreeHash>(unsigned level, std::uint64_t index)>;

// Each asks the source for O(log size) hashes; its error is passed on.
Result<TreeHash> tree_root(const HashSource& source, std::uint64_t size);
// `index` must be less than `size`. From the leaf's sibling up to a child of the root.
Result<std::vector<TreeHash>> inclusion_proof(const HashSource& source, std::uint64_t index,
                                              std::uint64_t size);

// Verification (RFC 9162, 2.1.3.2). Any input is allowed; false unless it is proven.
bool inclusion_holds(const TreeHash& leaf, std::uint64_t index, std::uint64_t size,
                     std::span<const TreeHash> proof, const TreeHash& root);

}  // namespace cortex::ledger
