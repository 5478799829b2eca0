#include "bundle/private_folder.h"

#include "base/limits.h"
#include "base/text.h"
#include "base/ulid.h"

namespace cortex::bundle {

std::vector<std::string> remove_dead_folders(fs::FileSystem& fs, const std::string& parent,
                                             const std::string& prefix) {
  std::vector<std::string> removed;
  const auto names = fs.list(parent);
  if (!names.ok()) return removed;  // whoever works there will say what is wrong
  for (const std::string& name : *names) {
    if (!name.starts_with(prefix) || !Ulid::parse(std::string_view(name).substr(prefix.size())))
      continue;
    const std::string path = fs::join(parent, name);
    const auto info = fs.lstat(path);
    if (!info.ok() || info->kind != fs::Kind::kDirectory) continue;  // no folder of ours
    auto folder = fs.open_directory(path);
    if (!folder.ok() || !(*folder)->lock(fs::Lock::kExclusive, 0).ok()) continue;  // in use
    if (fs::remove_tree(fs, path).ok()) removed.push_back(path);
  }
  return removed;
}

Result<PrivateFolder> PrivateFolder::create(fs::FileSystem& fs, const std::string& parent,
                                            const std::string& prefix, Clock& clock,
                                            Random& random) {
  CORTEX_ASSIGN(const auto parent_lock, fs.open_directory(parent));
  CORTEX_TRY(parent_lock->lock(fs::Lock::kExclusive, limits::kLockWaitMillisMax));
  auto dead = remove_dead_folders(fs, parent, prefix);
  const std::string path = fs::join(parent, prefix + Ulid::make(clock, random).text());
  CORTEX_TRY(fs.make_directory(path, 0700));
  PrivateFolder folder(fs, path);
  folder.removed_dead_ = std::move(dead);
  CORTEX_ASSIGN(folder.lock_, fs.open_directory(path));
  CORTEX_TRY(folder.lock_->lock(fs::Lock::kExclusive, 0));
  return folder;
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
