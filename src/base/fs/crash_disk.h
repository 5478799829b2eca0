// What a disk keeps and what it forgets: the model under CrashFs. For tests only.
//
// Everything has two states. The volatile one is what calls see. The stable one is what a power
// loss is sure to leave. They meet when a file or a folder is synced:
//  - A file's sync makes its bytes stable, not the folder entry that names it.
//  - A folder's sync makes stable every change to its entries, with all earlier changes that those
//    build on. The entry of the folder itself belongs to the folder above.
// Between two syncs the model keeps the list of changes; crash() decides about each of them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"

namespace cortex::fs {

// What a power loss does to the changes that were not synced.
enum class Fate {
  kApplied,  // all of them reached the disk
  kDropped,  // none did
  kTorn,     // entries: those up to some moment. Bytes: up to some moment, the last write in part
  kMixed,    // each file and each entry on its own, in any order: applied, dropped or torn
  kGarbage,  // as kMixed, and where unsynced bytes stand, some are zeros or noise
};
inline constexpr Fate kFates[] = {Fate::kApplied, Fate::kDropped, Fate::kTorn, Fate::kMixed,
                                  Fate::kGarbage};

class CrashDisk {
 public:
  using NodeId = std::uint64_t;  // never reused
  static constexpr NodeId kNone = 0;
  static constexpr NodeId kRoot = 1;
  using Entries = std::map<std::string, NodeId, std::less<>>;

  struct FileChange {
    std::uint64_t offset = 0;  // where `bytes` begin, or the size the file is cut or grown to
    std::string bytes;
    bool is_resize = false;
  };
  struct Node {
    bool is_folder = false;
    unsigned mode = 0, stable_mode = 0;
    std::uint64_t changed = 0;  // counts changes of the whole disk, in place of a clock
    std::string bytes, stable_bytes;
    std::vector<FileChange> unsynced;
    Entries entries, stable_entries;
  };

  CrashDisk();
  // The node must exist; one without a name lives on until the next crash, as open files do.
  const Node& node(NodeId id) const { return nodes_.at(id); }

  // Callers have checked that the change is possible.
  NodeId add(NodeId folder, const std::string& name, bool is_folder, unsigned mode);
  void remove(NodeId folder, const std::string& name);
  void move(NodeId folder, const std::string& name, NodeId to_folder, const std::string& to_name);
  void append(NodeId file, std::string_view bytes);
  void resize(NodeId file, std::uint64_t size_bytes);
  void set_mode(NodeId id, unsigned mode);

  void sync(NodeId id, bool with_mode);
  // A failed sync: the kernel marks the pages clean. They can still be read, but no later sync
  // writes them. Folder entries go through the journal and stay to be synced.
  void fail_sync(NodeId id);
  // Clean pages are read from the disk again, which shows what a failed sync lost.
  void drop_clean_pages(NodeId file);

  // Replaces the volatile state by one that the disk may show after a power loss. The same changes,
  // fate and seed give the same state.
  void crash(Fate fate, std::uint64_t seed);

 private:
  enum class Entry { kAdd, kRemove, kMove };
  struct EntryChange {
    Entry what = Entry::kAdd;
    NodeId id = kNone;
    NodeId folder = kNone;
    std::string name;
    NodeId to_folder = kNone;
    std::string to_name;
  };
  class Dice;

  Node& touch(NodeId id);
  void make_stable(const EntryChange& change, bool is_ordered);
  void sync_entries(NodeId folder);
  static void settle_bytes(Node& file, Fate fate, Dice& dice);
  void settle_entries(Fate fate, Dice& dice);
  void forget_unreachable();

  std::map<NodeId, Node> nodes_;
  std::vector<EntryChange> journal_;  // not yet stable, oldest first
  NodeId last_id_ = kRoot;
  std::uint64_t changes_ = 0;
};

}  // namespace cortex::fs
