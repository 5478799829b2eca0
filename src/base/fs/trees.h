// Work on several levels of folders at once, written once for every FileSystem.
#pragma once

#include <string>
#include <vector>

#include "base/fs/fs.h"

namespace cortex::fs {

// FileSystem::make_directories in terms of stat, make_directory and sync_directory. When a level
// fails, those already made by this call are removed again.
Result<std::vector<std::string>> make_missing_directories(FileSystem& fs, const std::string& path,
                                                          unsigned mode);

}  // namespace cortex::fs
