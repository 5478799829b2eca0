#include "ledger/tlog/tree_check.h"

#include <algorithm>

#include "base/limits.h"

namespace cortex::ledger {
namespace {

constexpr std::size_t kDamagedShownMax = 16;

}  // namespace

TreeCheck::TreeCheck(fs::FileSystem& fs, const std::string& ledger_path, const TreeState& state)
    : tiles_(fs, sidecar_path(ledger_path), state.ledger.rows), state_(state) {
  ids_.reserve(kTileWidth);
}

void TreeCheck::damage(std::string path) {
  if (report_.damaged.size() < kDamagedShownMax) report_.damaged.push_back(std::move(path));
}

bool TreeCheck::is_intact(unsigned level, std::uint64_t number, std::span<const TreeHash> stored) {
  if (stored.size() == kTileWidth) {
    const auto above = tiles_.hash(8U * (level + 1), number);
    return above.ok() && *above == subtree_root(stored);
  }
  const auto root = tree_root(tiles_.source(), state_.ledger.rows);
  return root.ok() && *root == state_.root;
}

void TreeCheck::compare(unsigned level, std::uint64_t number, std::span<const TreeHash> hashes) {
  const auto stored = tiles_.tile(level, number);
  if (stored.ok() && std::ranges::equal(*stored, hashes)) return;
  if (!stored.ok() || !is_intact(level, number, *stored)) {
    // Above rows that were changed every tile differs.
    if (level == 0 || report_.changed_total == 0 || !stored.ok()) {
      damage(tile_path(level, number, hashes.size()));
    }
    return;
  }
  if (level > 0) return;  // told by its rows
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    if ((*stored)[i] == hashes[i]) continue;
    ++report_.changed_total;
    if (report_.changed.size() >= limits::kFailuresShownMax) continue;
    report_.changed.emplace_back(number * kTileWidth + i + 1, ids_[i]);
  }
}

void TreeCheck::add(const TreeHash& leaf, const Ulid& event_id) {
  if (builder_.size() >= state_.ledger.rows) return;
  ids_.push_back(event_id);
  static_cast<void>(  // the function below never fails
      builder_
          .add(leaf,
               [this](unsigned level, std::uint64_t number,
                      std::span<const TreeHash> hashes) -> Status {
                 compare(level, number, hashes);
                 if (level == 0) ids_.clear();
                 return {};
               })
          .ok());
}

TreeCheckReport TreeCheck::finish() {
  report_.rows_compared = builder_.size();
  if (builder_.size() < state_.ledger.rows) return std::move(report_);
  const auto& partials = builder_.partials();
  for (unsigned level = 0; level < partials.size(); ++level) {
    if (partials[level].empty()) continue;
    compare(level, builder_.size() >> (8U * (level + 1)), partials[level]);
  }
  if (report_.changed_total == 0 && report_.damaged.empty() && builder_.root() != state_.root) {
    damage("state");
  }
  return std::move(report_);
}

}  // namespace cortex::ledger
