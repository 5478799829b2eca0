// Compares the rows of a ledger with the Merkle tree beside it, within the pass that verifies the
// chain (VerifyOptions::on_leaf). It names the rows that are not what they were when they were
// appended, metadata and spelling included, and tells them from damage of the tree itself.
//
// Each tile is read once and compared as a whole. A tile that differs counts as intact when it
// hashes to what the tile above it, or the tree's root, says: then the rows were changed. Otherwise
// the tile was, and nothing is said about its rows. Memory: one tile a level and 256 ids.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/fs/fs.h"
#include "base/ulid.h"
#include "ledger/tlog/sidecar.h"

namespace cortex::ledger {

struct TreeCheckReport {
  std::uint64_t rows_compared = 0;
  std::uint64_t changed_total = 0;
  // Row ordinal and id, as it stands now; the first limits::kFailuresShownMax.
  std::vector<std::pair<std::uint64_t, Ulid>> changed;
  std::vector<std::string> damaged;  // files of the tree, at most 16
};

class TreeCheck {
 public:
  TreeCheck(fs::FileSystem& fs, const std::string& ledger_path, const TreeState& state);

  // Rows in order; those beyond the tree are ignored.
  void add(const TreeHash& leaf, const Ulid& event_id);
  // After the last row.
  TreeCheckReport finish();

 private:
  void compare(unsigned level, std::uint64_t number, std::span<const TreeHash> hashes);
  bool is_intact(unsigned level, std::uint64_t number, std::span<const TreeHash> stored);
  void damage(std::string path);

  TileReader tiles_;
  const TreeState state_;
  TileBuilder builder_;
  std::vector<Ulid> ids_;  // of the rows of the tile that is being built
  TreeCheckReport report_;
};

}  // namespace cortex::ledger
