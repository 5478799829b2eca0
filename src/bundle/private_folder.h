// A folder for work that nobody else sees: mode 0700, locked for as long as its maker lives, gone
// with the object. What a dead process left behind is removed by the next one that makes a folder
// with the same prefix: its lock is free. Whoever meets a folder between making and locking takes
// it for a dead one; its maker notices and makes another. Nothing is locked but the folder itself:
// the parent may be /tmp, which is everybody's.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"

namespace cortex::bundle {

class PrivateFolder {
 public:
  // `<parent>/<prefix><ULID>`. Error: kInternal.
  static Result<PrivateFolder> create(fs::FileSystem& fs, const std::string& parent,
                                      const std::string& prefix, Clock& clock, Random& random);
  PrivateFolder(PrivateFolder&& other) noexcept
      : fs_(other.fs_),
        path_(std::exchange(other.path_, std::string())),
        lock_(std::move(other.lock_)),
        removed_dead_(std::move(other.removed_dead_)) {}
  PrivateFolder& operator=(PrivateFolder&&) = delete;
  ~PrivateFolder();

  const std::string& path() const { return path_; }
  std::string member(std::string_view name) const { return fs::join(path_, name); }
  const std::vector<std::string>& removed_dead() const { return removed_dead_; }
  // The folder has another name now, and stays.
  void release() { path_.clear(); }

 private:
  PrivateFolder(fs::FileSystem& fs, std::string path) : fs_(&fs), path_(std::move(path)) {}
  fs::FileSystem* fs_;
  std::string path_;
  std::unique_ptr<fs::File> lock_;
  std::vector<std::string> removed_dead_;
};

// Gives the folder `dir` the name `<parent>/.<name><mark><ULID>`, which lasts: nobody sees it under
// its own name any more, whole or half removed. Returns the new path.
Result<std::string> move_aside(fs::FileSystem& fs, const std::string& dir, std::string_view mark,
                               Clock& clock, Random& random);

// Removes the folders `<prefix><ULID>` in `parent` whose makers are dead; returns their paths. A
// courtesy: what cannot be removed stays.
std::vector<std::string> remove_dead_folders(fs::FileSystem& fs, const std::string& parent,
                                             const std::string& prefix);
// The same for the folders `<start><anything><mark><ULID>`.
void remove_marked_dead_folders(fs::FileSystem& fs, const std::string& parent,
                                std::string_view start, std::string_view mark);

}  // namespace cortex::bundle
