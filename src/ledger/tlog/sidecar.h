// `<ledger>.tlog/`: the Merkle tree over the rows of a ledger, kept beside it (docs/formats.md,
// "Transparency sidecar").
//
// The ledger is the truth and never needs the folder: whatever is missing, torn or damaged in it is
// made again from the ledger. It is written after the ledger's sync and not synced itself. Writers
// hold the ledger's append lock.
//
//   tile/<L>/<N>[.p/<W>]   hashes, as C2SP tlog-tiles has them
//   offsets, ids           where each row begins (u64le), 32 bits of its id (u32le)
//   state                  how far the tree goes, and its root
//   checkpoint             the last signed checkpoint; checkpoints/<size> each one that was signed
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/ulid.h"
#include "ledger/head_file.h"
#include "ledger/tlog/tiles.h"

namespace cortex::ledger {

// The tree reaches less far than the ledger, and by more than was to be caught up.
inline constexpr std::string_view kTreeLagsToken = "ledger.tree_lags";
// The ledger no longer has the rows that the tree is over: nothing is built on it, nothing of it is
// overwritten.
inline constexpr std::string_view kTreeOfOtherLedgerToken = "ledger.tree_of_other_ledger";

std::string sidecar_path(const std::string& ledger_path);
std::string tree_state_path(const std::string& ledger_path);

struct TreeState {
  LedgerHead ledger;  // what the tree is over; row_hash is not used
  TreeHash root{};
};
// Nothing when the file is missing or torn.
std::optional<TreeState> read_tree_state(fs::FileSystem& fs, const std::string& ledger_path);

// Rows that appending may catch up by itself, in bytes: some tenth of a second.
inline constexpr std::uint64_t kTreeLagBytesMax = 64U << 20;

class Sidecar {
  struct Key {};

 public:
  Sidecar(Key, fs::FileSystem& fs, std::string folder);
  // Opens the folder, makes it when it is missing, and brings it to `head`, the end of the ledger.
  // Damage is repaired by building everything again. O(what is missing), else one tile a level.
  static Result<std::unique_ptr<Sidecar>> open(fs::FileSystem& fs, fs::File& ledger,
                                               const LedgerHead& head, std::uint64_t lag_bytes_max);

  // Builds everything again from the ledger. O(ledger).
  static Status rebuild(fs::FileSystem& fs, fs::File& ledger, const LedgerHead& head);
  // The ledger was written anew, its rows stand elsewhere in it (erase_rows.h). The tree stays the
  // one that it was `before`: it goes on telling which rows are not what they were. O(ledger).
  static Status follow_rewrite(fs::FileSystem& fs, fs::File& ledger, const LedgerHead& head,
                               const TreeState& before);

  // The next row: its line without newline, and where that begins in the ledger.
  Status add(std::string_view entry, const Ulid& event_id, std::uint64_t offset);
  // The same by its hash: that of an erased row is not the one of its line (erasure.h).
  Status add_leaf(const TreeHash& leaf, const Ulid& event_id, std::uint64_t offset);
  // The rows added are acknowledged; the ledger now ends at `head`.
  Status commit(const LedgerHead& head);
  Status roll_back();
  const TreeState& state() const { return state_; }

 private:
  Status load(fs::File& ledger, const LedgerHead& head);
  Status take_up(const TreeState& state);
  Status move_rows(fs::File& ledger, const LedgerHead& head, const TreeState& before);
  Status start_over();
  Status catch_up(fs::File& ledger, const LedgerHead& head);
  Status open_index(std::uint64_t rows);
  Status flush_index();
  Status write_tile(unsigned level, std::uint64_t number, std::span<const TreeHash> hashes);
  Status write_partials();
  void remove_old_partials();

  fs::FileSystem& fs_;
  std::string folder_;
  TreeState state_;  // as committed
  TileBuilder builder_, committed_;
  std::unique_ptr<fs::File> offsets_, ids_;
  std::string offsets_buffer_, ids_buffer_;
  std::vector<std::size_t> widths_;  // of the partial tiles as they were committed, by level
};

// The line of the row `index` (from 0) of the tree's first `rows`, without newline; nothing when
// the folder does not tell where it is. `size_bytes`: where those rows end. O(the row).
Result<std::optional<std::string>> read_entry_at(fs::FileSystem& fs, fs::File& ledger,
                                                 std::uint64_t index, std::uint64_t size_bytes);

// 32 bits of an event id, for `ids`.
std::uint32_t id_fingerprint(const Ulid& id);

struct RowLocation {
  std::uint64_t index = 0;  // 0-based
  std::string entry;        // the line without newline
};
// Finds a row by its id with the help of the index; nothing when the index does not lead to it.
// Reads 4 bytes a row of the index and one row.
Result<std::optional<RowLocation>> find_row(fs::FileSystem& fs, fs::File& ledger,
                                            const TreeState& state, const Ulid& event_id);

}  // namespace cortex::ledger
