// A file system that remembers which folders were synced. For tests only.
#pragma once

#include <string>
#include <vector>

#include "base/fs/forward_fs.h"

namespace cortex::fs {

class FolderSyncs final : public ForwardFs {
 public:
  Status sync_directory(const std::string& path) override {
    folders.push_back(path);
    return ForwardFs::sync_directory(path);
  }
  std::vector<std::string> folders;
};

}  // namespace cortex::fs
