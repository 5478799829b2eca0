// Whole files and several levels of folders at once, written once for every FileSystem.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"

namespace cortex::fs {

// FileSystem::make_directories in terms of stat, make_directory and sync_directory. When a level
// fails, those already made by this call are removed again.
Result<std::vector<std::string>> make_missing_directories(FileSystem& fs, const std::string& path,
                                                          unsigned mode);

// write_new() of a file that is there for good when this succeeds: its folder is synced too, and
// where that fails the file is gone again.
Status publish_new(FileSystem& fs, const std::string& path, std::string_view bytes, unsigned mode);

}  // namespace cortex::fs
