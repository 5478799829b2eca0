#include "ledger/tlog/tiles.h"

#include <map>

#include <gtest/gtest.h>

#include "base/fs/test_dir.h"
#include "base/text.h"

namespace cortex::ledger {
namespace {

std::vector<TreeHash> tile_leaves(std::uint64_t count) {
  std::vector<TreeHash> out;
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(leaf_hash(cat("entry ", i)));
  return out;
}

TEST(Tiles, Paths_AreThoseOfTheFormat) {
  EXPECT_EQ(tile_path(0, 0), "tile/0/000");
  EXPECT_EQ(tile_path(0, 999), "tile/0/999");
  EXPECT_EQ(tile_path(1, 1000), "tile/1/x001/000");
  EXPECT_EQ(tile_path(0, 1234067), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path(2, 1234067, 9), "tile/2/x001/x234/067.p/9");
  EXPECT_EQ(tile_path(63, 0, 255), "tile/63/000.p/255");
}

TEST(Tiles, Bytes_AreHashesOneAfterTheOther) {
  const auto hashes = tile_leaves(3);
  const std::string bytes = tile_bytes(hashes);
  EXPECT_EQ(bytes.size(), 96U);
  EXPECT_EQ(parse_tile(bytes), hashes);
  EXPECT_TRUE(parse_tile(bytes.substr(1)).empty());
  EXPECT_EQ(tile_bytes({}), "");
}

class TileFolderTest : public testing::Test {
 protected:
  // Writes the tiles of a tree, as files; returns its builder.
  TileBuilder build(const std::vector<TreeHash>& hashes) {
    TileBuilder builder;
    const auto put = [this](unsigned level, std::uint64_t number,
                            std::span<const TreeHash> tile) -> Status {
      const std::string path = folder_ / tile_path(level, number, tile.size());
      CORTEX_TRY(make_folders(path));
      return fs::write_new(fs::posix(), path, tile_bytes(tile), 0600);
    };
    for (const TreeHash& hash : hashes) EXPECT_TRUE(builder.add(hash, put).ok());
    for (unsigned level = 0; level < builder.partials().size(); ++level) {
      const auto& tile = builder.partials()[level];
      if (tile.empty()) continue;
      EXPECT_TRUE(put(level, builder.size() >> (8U * (level + 1)), tile).ok());
    }
    return builder;
  }
  static Status make_folders(const std::string& path) {
    auto made = fs::posix().make_directories(fs::parent_of(path), 0700);
    return made.ok() ? Status() : Status(std::move(made).error());
  }
  HashSource plain(const std::vector<TreeHash>& hashes) {
    return [&hashes](unsigned level, std::uint64_t index) -> Result<TreeHash> {
      const std::size_t count = std::size_t{1} << level;
      return subtree_root(std::span(hashes).subspan(index << level, count));
    };
  }

  fs::TestDir folder_;
};

TEST_F(TileFolderTest, TreesOfManySizes_AreReadBack) {
  const auto all = tile_leaves(66'000);
  for (const std::uint64_t size :
       {1U, 2U, 255U, 256U, 257U, 511U, 512U, 65'535U, 65'536U, 66'000U}) {
    const std::vector<TreeHash> hashes(all.begin(),
                                       all.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_TRUE(fs::remove_tree(fs::posix(), folder_ / "tile").ok());
    const TileBuilder builder = build(hashes);
    const TreeHash root = tree_root(plain(hashes), size).value();
    EXPECT_EQ(builder.root(), root) << size;
    TileReader reader(fs::posix(), folder_.path(), size);
    EXPECT_EQ(tree_root(reader.source(), size).value(), root) << size;
    for (const std::uint64_t index : {std::uint64_t{0}, size / 3, size - 1}) {
      const auto proof = inclusion_proof(reader.source(), index, size);
      ASSERT_TRUE(proof.ok()) << proof.error().text();
      EXPECT_TRUE(inclusion_holds(hashes[index], index, size, *proof, root));
    }
    const auto again = reader.builder(root);
    ASSERT_TRUE(again.ok()) << again.error().text();
    EXPECT_EQ(again->root(), root) << size;
    EXPECT_EQ(reader.builder(hashes[0] == root ? TreeHash{} : hashes[0]).error().code,
              Code::kPrecondition);
    EXPECT_FALSE(reader.hash(0, size).ok()) << "outside the tree";
  }
}

TEST_F(TileFolderTest, EarlierTree_IsReadFromWiderTiles) {
  const auto hashes = tile_leaves(700);
  static_cast<void>(build(hashes));
  for (const std::uint64_t size : {1U, 100U, 256U, 600U, 699U}) {
    TileReader reader(fs::posix(), folder_.path(), size);
    EXPECT_EQ(tree_root(reader.source(), size).value(), tree_root(plain(hashes), size).value())
        << size;
  }
}

TEST_F(TileFolderTest, MissingAndShortTiles_AreErrors) {
  static_cast<void>(build(tile_leaves(600)));
  const std::string path = folder_ / tile_path(0, 1);
  ASSERT_TRUE(fs::posix().overwrite(path, std::string(32 * 255, 'x')).ok());
  TileReader reader(fs::posix(), folder_.path(), 600);
  EXPECT_EQ(reader.hash(0, 300).error().code, Code::kPrecondition);
  ASSERT_TRUE(fs::posix().remove_file(path).ok());
  EXPECT_FALSE(reader.hash(0, 300).ok());
  EXPECT_TRUE(reader.hash(0, 0).ok());
}

TEST(TileBuilder, ErrorOfTheTileFunction_IsPassedOn) {
  TileBuilder builder;
  const auto refuse = [](unsigned, std::uint64_t, std::span<const TreeHash>) -> Status {
    return make_error(Code::kInternal, "no room");
  };
  for (int i = 0; i < 255; ++i) ASSERT_TRUE(builder.add(leaf_hash("x"), refuse).ok());
  EXPECT_FALSE(builder.add(leaf_hash("x"), refuse).ok());
}

}  // namespace
}  // namespace cortex::ledger
