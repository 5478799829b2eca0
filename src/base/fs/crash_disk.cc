#include "base/fs/crash_disk.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"

namespace cortex::fs {
namespace {

using FileChange = CrashDisk::FileChange;

// The first `bytes_max` bytes of one change. What lies between the end and the offset was lost by a
// failed sync: a hole.
void replay(std::string& image, const FileChange& change, std::size_t bytes_max) {
  const auto offset = static_cast<std::size_t>(change.offset);
  if (change.is_resize) {
    image.resize(offset);
    return;
  }
  const std::size_t size = std::min(bytes_max, change.bytes.size());
  if (size == 0) return;
  if (image.size() < offset + size) image.resize(offset + size);
  image.replace(offset, size, change.bytes, 0, size);
}

std::string replayed(std::string image, const std::vector<FileChange>& changes) {
  for (const FileChange& change : changes) replay(image, change, change.bytes.size());
  return image;
}

// Bytes in front of this were stable before the first unsynced change and are not touched by any.
std::size_t first_unsynced(const CrashDisk::Node& file) {
  std::uint64_t first = file.stable_bytes.size();
  for (const FileChange& change : file.unsynced) first = std::min(first, change.offset);
  return static_cast<std::size_t>(first);
}

}  // namespace

// splitmix64: small, and the same everywhere, unlike the distributions of the standard library.
class CrashDisk::Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}
  std::uint64_t roll() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  std::size_t up_to(std::size_t most) { return static_cast<std::size_t>(roll() % (most + 1)); }
  bool coin() { return (roll() & 1U) != 0; }

 private:
  std::uint64_t state_;
};

CrashDisk::CrashDisk() {
  Node& root = nodes_[kRoot];
  root.is_folder = true;
  root.mode = root.stable_mode = 0755;
}

CrashDisk::Node& CrashDisk::touch(NodeId id) {
  Node& node = nodes_.at(id);
  node.changed = ++changes_;
  return node;
}

CrashDisk::NodeId CrashDisk::add(NodeId folder, const std::string& name, bool is_folder,
                                 unsigned mode) {
  const NodeId id = ++last_id_;
  nodes_[id].is_folder = is_folder;
  nodes_[id].mode = nodes_[id].stable_mode = mode;
  touch(id);
  CORTEX_CHECK(touch(folder).entries.emplace(name, id).second);
  journal_.push_back({Entry::kAdd, id, folder, name, kNone, {}});
  return id;
}

void CrashDisk::remove(NodeId folder, const std::string& name) {
  Entries& entries = touch(folder).entries;
  const auto it = entries.find(name);
  CORTEX_CHECK(it != entries.end());
  journal_.push_back({Entry::kRemove, it->second, folder, name, kNone, {}});
  entries.erase(it);
}

void CrashDisk::move(NodeId folder, const std::string& name, NodeId to_folder,
                     const std::string& to_name) {
  auto entry = touch(folder).entries.extract(name);
  CORTEX_CHECK(!entry.empty());
  journal_.push_back({Entry::kMove, entry.mapped(), folder, name, to_folder, to_name});
  CORTEX_CHECK(touch(to_folder).entries.emplace(to_name, entry.mapped()).second);
}

void CrashDisk::append(NodeId file, std::string_view bytes) {
  Node& node = touch(file);
  node.unsynced.push_back({node.bytes.size(), std::string(bytes), false});
  node.bytes.append(bytes);
}

void CrashDisk::resize(NodeId file, std::uint64_t size_bytes) {
  Node& node = touch(file);
  node.unsynced.push_back({size_bytes, {}, true});
  node.bytes.resize(static_cast<std::size_t>(size_bytes));
}

void CrashDisk::set_mode(NodeId id, unsigned mode) { touch(id).mode = mode; }

void CrashDisk::sync(NodeId id, bool with_mode) {
  Node& node = nodes_.at(id);
  if (with_mode) node.stable_mode = node.mode;
  if (node.is_folder) return sync_entries(id);
  node.stable_bytes = replayed(std::move(node.stable_bytes), node.unsynced);
  // A cut that a failed sync lost is still in the size that the kernel writes now.
  if (node.stable_bytes.size() > node.bytes.size()) node.stable_bytes.resize(node.bytes.size());
  node.unsynced.clear();
}

void CrashDisk::fail_sync(NodeId id) { nodes_.at(id).unsynced.clear(); }

void CrashDisk::drop_clean_pages(NodeId file) {
  Node& node = nodes_.at(file);
  if (node.is_folder) return;
  std::string image = replayed(node.stable_bytes, node.unsynced);
  image.resize(node.bytes.size());
  node.bytes = std::move(image);
}

// Backwards, so that a change between two folders brings along what came before it in both.
void CrashDisk::sync_entries(NodeId folder) {
  std::set<NodeId> folders{folder};
  std::vector<bool> chosen(journal_.size());
  for (std::size_t i = journal_.size(); i-- > 0;) {
    const EntryChange& change = journal_[i];
    chosen[i] = folders.contains(change.folder) || folders.contains(change.to_folder);
    if (!chosen[i]) continue;
    folders.insert(change.folder);
    if (change.to_folder != kNone) folders.insert(change.to_folder);
  }
  std::vector<EntryChange> rest;
  for (std::size_t i = 0; i < journal_.size(); ++i) {
    if (chosen[i]) {
      make_stable(journal_[i], true);
    } else {
      rest.push_back(std::move(journal_[i]));
    }
  }
  journal_ = std::move(rest);
}

// Out of order, a change happens only where the disk would still be a tree with one name for each
// node: the moved or removed entry is there, the new name is free, a removed folder is empty.
void CrashDisk::make_stable(const EntryChange& change, bool is_ordered) {
  Entries& entries = nodes_.at(change.folder).stable_entries;
  if (change.what == Entry::kAdd) {
    entries.emplace(change.name, change.id);
    return;
  }
  const auto it = entries.find(change.name);
  if (it == entries.end() || it->second != change.id) return;
  if (change.what == Entry::kRemove) {
    if (is_ordered || nodes_.at(change.id).stable_entries.empty()) entries.erase(it);
    return;
  }
  if (nodes_.at(change.to_folder).stable_entries.emplace(change.to_name, change.id).second) {
    entries.erase(it);
  }
}

void CrashDisk::settle_entries(Fate fate, Dice& dice) {
  const std::size_t moment = dice.up_to(journal_.size());
  for (std::size_t i = 0; i < journal_.size(); ++i) {
    const bool happened = fate == Fate::kApplied || (fate == Fate::kTorn && i < moment) ||
                          ((fate == Fate::kMixed || fate == Fate::kGarbage) && dice.coin());
    if (happened) make_stable(journal_[i], false);
  }
  journal_.clear();
}

void CrashDisk::settle_bytes(Node& file, Fate fate, Dice& dice) {
  if (file.unsynced.empty()) return;
  if (fate == Fate::kMixed) {
    constexpr Fate kEach[] = {Fate::kApplied, Fate::kDropped, Fate::kTorn};
    fate = kEach[dice.up_to(2)];
  }
  if (fate == Fate::kDropped) return;
  if (fate == Fate::kTorn) {
    const std::size_t whole = dice.up_to(file.unsynced.size() - 1);
    for (std::size_t i = 0; i < whole; ++i) {
      replay(file.stable_bytes, file.unsynced[i], file.unsynced[i].bytes.size());
    }
    const FileChange& last = file.unsynced[whole];
    if (!last.is_resize || dice.coin()) {
      replay(file.stable_bytes, last, dice.up_to(last.bytes.size()));
    }
    return;
  }
  const std::size_t begin = first_unsynced(file);
  std::string image = replayed(file.stable_bytes, file.unsynced);
  if (fate == Fate::kGarbage) {
    // A cut may be undone by the power loss, with other bytes behind it.
    if (image.size() < file.stable_bytes.size() && dice.coin()) {
      image.append(file.stable_bytes, image.size(), std::string::npos);
    }
    if (begin < image.size()) {
      const std::size_t from = begin + dice.up_to(image.size() - begin - 1);
      const std::size_t size = 1 + dice.up_to(image.size() - from - 1);
      const bool zeros = dice.coin();
      for (std::size_t i = from; i < from + size; ++i) {
        image[i] = zeros ? '\0' : static_cast<char>(dice.roll() & 0xFF);
      }
    }
  }
  file.stable_bytes = std::move(image);
}

void CrashDisk::crash(Fate fate, std::uint64_t seed) {
  Dice dice(seed);
  settle_entries(fate, dice);
  for (auto& [id, node] : nodes_) {
    settle_bytes(node, fate, dice);
    const bool mode_reached = fate == Fate::kApplied || (fate != Fate::kDropped && dice.coin());
    if (mode_reached) node.stable_mode = node.mode;
    node.mode = node.stable_mode;
    node.bytes = node.stable_bytes;
    node.unsynced.clear();
    node.entries = node.stable_entries;
  }
  forget_unreachable();
}

void CrashDisk::forget_unreachable() {
  std::set<NodeId> reached{kRoot};
  std::vector<NodeId> open{kRoot};
  while (!open.empty()) {
    const NodeId id = open.back();
    open.pop_back();
    for (const auto& [name, child] : nodes_.at(id).entries) {
      if (reached.insert(child).second) open.push_back(child);
    }
  }
  std::erase_if(nodes_, [&](const auto& item) { return !reached.contains(item.first); });
}

}  // namespace cortex::fs
