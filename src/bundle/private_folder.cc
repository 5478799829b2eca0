#include "bundle/private_folder.h"

#include <utility>

#include "base/text.h"
#include "base/ulid.h"

namespace cortex::bundle {
namespace {

// Whether `path` was a folder `<prefix><ULID>` that nobody works in, and is gone.
bool remove_if_dead(fs::FileSystem& fs, const std::string& path, std::string_view ulid) {
  if (!Ulid::parse(ulid)) return false;
  const auto info = fs.lstat(path);
  if (!info.ok() || info->kind != fs::Kind::kDirectory) return false;  // no folder of ours
  const auto folder = fs.open_directory(path);
  if (!folder.ok() || !(*folder)->lock(fs::Lock::kExclusive, 0).ok()) return false;  // in use
  return fs::remove_tree(fs, path).ok();
}

}  // namespace

std::vector<std::string> remove_dead_folders(fs::FileSystem& fs, const std::string& parent,
                                             const std::string& prefix) {
  std::vector<std::string> removed;
  const auto names = fs.list(parent);
  if (!names.ok()) return removed;  // whoever works there will say what is wrong
  for (const std::string& name : *names) {
    if (!name.starts_with(prefix)) continue;
    std::string path = fs::join(parent, name);
    const bool gone = remove_if_dead(fs, path, std::string_view(name).substr(prefix.size()));
    if (gone) removed.push_back(std::move(path));
  }
  return removed;
}

void remove_marked_dead_folders(fs::FileSystem& fs, const std::string& parent,
                                std::string_view start, std::string_view mark) {
  const auto names = fs.list(parent);
  if (!names.ok()) return;  // whoever works there will say what is wrong
  for (const std::string& name : *names) {
    const std::size_t at = name.find(mark);
    if (!name.starts_with(start) || at == std::string::npos) continue;
    remove_if_dead(fs, fs::join(parent, name), std::string_view(name).substr(at + mark.size()));
  }
}

namespace {

// The folder, made and locked; nothing when somebody who removes dead folders came in between.
Result<std::unique_ptr<fs::File>> make_locked(fs::FileSystem& fs, const std::string& path) {
  CORTEX_TRY(fs.make_directory(path, 0700));
  auto folder = fs.open_directory(path);
  const Status locked =
      folder.ok() ? (*folder)->lock(fs::Lock::kExclusive, 0) : Status(folder.error());
  CORTEX_ASSIGN(const fs::Info info, fs.lstat(path));
  if (locked.ok() && info.kind == fs::Kind::kDirectory) return folder;
  const bool taken_away = info.kind == fs::Kind::kMissing ||
                          (folder.ok() && locked.error().code == Code::kPrecondition);
  if (taken_away) return std::unique_ptr<fs::File>();
  return locked.error();
}

}  // namespace

Result<PrivateFolder> PrivateFolder::create(fs::FileSystem& fs, const std::string& parent,
                                            const std::string& prefix, Clock& clock,
                                            Random& random) {
  constexpr int kTriesMax = 16;
  auto dead = remove_dead_folders(fs, parent, prefix);
  for (int tries = 1;; ++tries) {
    const std::string path = fs::join(parent, prefix + Ulid::make(clock, random).text());
    CORTEX_ASSIGN(auto lock, make_locked(fs, path));
    if (lock) {
      PrivateFolder folder(fs, path);
      folder.removed_dead_ = std::move(dead);
      folder.lock_ = std::move(lock);
      return folder;
    }
    if (tries == kTriesMax) {
      return make_error(Code::kInternal,
                        cat("new folders in ", quoted(parent), " are removed again and again"));
    }
  }
}

Result<std::string> move_aside(fs::FileSystem& fs, const std::string& dir, std::string_view mark,
                               Clock& clock, Random& random) {
  const std::string parent = fs::parent_of(dir);
  std::string aside =
      fs::join(parent, cat(".", fs::name_of(dir), mark, Ulid::make(clock, random).text()));
  CORTEX_TRY(fs.rename_no_replace(dir, aside));
  CORTEX_TRY(fs.sync_directory(parent));
  return aside;
}

PrivateFolder::~PrivateFolder() {
  // Best effort: what stays is a dead folder for the next run.
  if (!path_.empty()) static_cast<void>(fs::remove_tree(*fs_, path_).ok());
}

}  // namespace cortex::bundle
