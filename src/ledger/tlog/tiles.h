// The tiles of a C2SP tlog-tiles log: 256 hashes high, kept as files `tile/<L>/<N>[.p/<W>]` below a
// folder. Building them from leaves, naming them, and reading the hashes that proofs need.
//
// A tile of level L holds hashes of full subtrees over 256^L entries each. A full tile never
// changes; a partial one is replaced by a wider one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "ledger/tlog/merkle.h"

namespace cortex::ledger {

inline constexpr std::size_t kTileWidth = 256;

// "tile/0/x001/x234/067", with ".p/<W>" behind it for a partial tile.
std::string tile_path(unsigned level, std::uint64_t number, std::size_t width = kTileWidth);
// What a tile's file holds.
std::string tile_bytes(std::span<const TreeHash> hashes);
// The other way; nothing unless the length fits.
std::vector<TreeHash> parse_tile(std::string_view bytes);

// Makes tiles of a stream of leaves. Memory: one partial tile a level (8 KiB each).
class TileBuilder {
 public:
  // Called for every tile that becomes full, lower levels first.
  using TileFunction =
      std::function<Status(unsigned level, std::uint64_t number, std::span<const TreeHash>)>;

  TileBuilder() = default;
  // Goes on where a tree of `size` entries ended. `partials[level]` holds the hashes of the partial
  // tile of that level, none where it is empty.
  TileBuilder(std::uint64_t size, std::vector<std::vector<TreeHash>> partials)
      : size_(size), partials_(std::move(partials)) {}

  Status add(const TreeHash& leaf, const TileFunction& on_full);
  std::uint64_t size() const { return size_; }
  TreeHash root() const;  // O(partial tiles) hashes
  const std::vector<std::vector<TreeHash>>& partials() const { return partials_; }

 private:
  std::uint64_t size_ = 0;
  std::vector<std::vector<TreeHash>> partials_;  // by level
};

// Reads the tiles of a tree of `size` entries. A tile is read once as a whole; those of one proof
// are kept. Not thread-safe.
class TileReader {
 public:
  TileReader(fs::FileSystem& fs, std::string folder, std::uint64_t size)
      : fs_(fs), folder_(std::move(folder)), size_(size) {}

  // Full subtrees inside the tree only. Error kPrecondition when the tile is not there or too
  // short.
  Result<TreeHash> hash(unsigned level, std::uint64_t index);
  HashSource source() {
    return [this](unsigned level, std::uint64_t index) { return hash(level, index); };
  }
  // The tile with as many hashes as the tree needs; a wider file serves too.
  Result<std::vector<TreeHash>> tile(unsigned level, std::uint64_t number);
  // Hashes of tile `number` of `level` that belong to the tree: 0 to 256.
  std::size_t width(unsigned level, std::uint64_t number) const;
  // What goes on where the tree ends. Error kPrecondition when a tile is not there, or when the
  // tiles are not those of the tree with this root.
  Result<TileBuilder> builder(const TreeHash& root);

 private:
  Result<std::vector<std::vector<TreeHash>>> partials();
  Result<std::string> read_file(unsigned level, std::uint64_t number, std::size_t width);

  fs::FileSystem& fs_;
  std::string folder_;
  std::uint64_t size_;
  std::map<std::pair<unsigned, std::uint64_t>, std::vector<TreeHash>> kept_;
};

}  // namespace cortex::ledger
