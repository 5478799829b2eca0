#include "ledger/tlog/merkle.h"

#include <array>
#include <bit>
#include <string>

#include <gtest/gtest.h>

#include "base/text.h"

namespace cortex::ledger {
namespace {

std::vector<TreeHash> leaves(std::uint64_t count) {
  std::vector<TreeHash> out;
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(leaf_hash(cat("entry ", i)));
  return out;
}

// The definition of RFC 6962, 2.1, word for word.
TreeHash plain_root(std::span<const TreeHash> hashes) {
  if (hashes.empty()) return empty_tree_root();
  if (hashes.size() == 1) return hashes[0];
  const std::size_t k = std::bit_floor(hashes.size() - 1);
  return node_hash(plain_root(hashes.first(k)), plain_root(hashes.subspan(k)));
}

HashSource source_over(const std::vector<TreeHash>& hashes) {
  return [&hashes](unsigned level, std::uint64_t index) -> Result<TreeHash> {
    const std::size_t begin = index << level, count = std::size_t{1} << level;
    if (begin + count > hashes.size()) return make_error(Code::kInternal, "outside the tree");
    return plain_root(std::span(hashes).subspan(begin, count));
  };
}

// Inputs and roots that Certificate Transparency implementations test with.
TEST(Merkle, KnownAnswers) {
  const std::array<std::string, 8> entries{
      std::string(),           std::string(1, '\0'),
      std::string("\x10"),     std::string("\x20\x21"),
      std::string("01"),       std::string("@ABC"),
      std::string("PQRSTUVW"), std::string("`abcdefghijklmno")};
  constexpr std::array<std::string_view, 9> kRoots{
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  std::vector<TreeHash> hashes;
  for (std::size_t size = 0; size < kRoots.size(); ++size) {
    EXPECT_EQ(to_hex(tree_root(source_over(hashes), size).value()), kRoots[size]) << size;
    if (size < entries.size()) hashes.push_back(leaf_hash(entries[size]));
  }
}

TEST(Merkle, SubtreeRoot_IsThatOfTheDefinition) {
  const auto hashes = leaves(256);
  for (std::size_t count = 1; count <= 256; count *= 2) {
    EXPECT_EQ(subtree_root(std::span(hashes).first(count)),
              plain_root(std::span(hashes).first(count)));
  }
}

TEST(Merkle, InclusionProofs_HoldForTheirLeafAndNoOther) {
  const auto hashes = leaves(70);
  for (std::uint64_t size = 1; size <= hashes.size(); ++size) {
    const TreeHash root = plain_root(std::span(hashes).first(size));
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto proof = inclusion_proof(source_over(hashes), index, size).value();
      EXPECT_TRUE(inclusion_holds(hashes[index], index, size, proof, root)) << index << "/" << size;
      EXPECT_FALSE(inclusion_holds(hashes[(index + 1) % size], index, size, proof, root) &&
                   size > 1);
      EXPECT_FALSE(inclusion_holds(hashes[index], index + 1, size, proof, root));
      EXPECT_FALSE(inclusion_holds(hashes[index], size, size, proof, root));
      EXPECT_FALSE(inclusion_holds(hashes[index], index, size, proof, leaf_hash("other")));
    }
  }
}

TEST(Merkle, InclusionProof_WithAnyChangeFails) {
  const auto hashes = leaves(13);
  const TreeHash root = plain_root(hashes);
  const auto proof = inclusion_proof(source_over(hashes), 10, 13).value();
  for (std::size_t i = 0; i < proof.size(); ++i) {
    auto changed = proof;
    changed[i][7] ^= 1U;
    EXPECT_FALSE(inclusion_holds(hashes[10], 10, 13, changed, root));
    changed = proof;
    changed.erase(changed.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(inclusion_holds(hashes[10], 10, 13, changed, root));
  }
  auto longer = proof;
  longer.push_back(root);
  EXPECT_FALSE(inclusion_holds(hashes[10], 10, 13, longer, root));
}

TEST(Merkle, SourceThatFails_IsPassedOn) {
  const HashSource broken = [](unsigned, std::uint64_t) -> Result<TreeHash> {
    return make_error(Code::kPrecondition, "no tile");
  };
  EXPECT_FALSE(tree_root(broken, 3).ok());
  EXPECT_FALSE(inclusion_proof(broken, 1, 3).ok());
  EXPECT_TRUE(inclusion_proof(broken, 0, 1).value().empty());
}

}  // namespace
}  // namespace cortex::ledger
