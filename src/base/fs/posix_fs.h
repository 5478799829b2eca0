// Parts of the POSIX file system that tests reach one by one.
#pragma once

#include <string>

#include "base/result.h"

namespace cortex::fs {

// rename_no_replace for file systems without RENAME_NOREPLACE: look, then rename. Another process
// can slip in between, so callers hold their lock around it.
Status rename_after_looking(const std::string& from, const std::string& to);

}  // namespace cortex::fs
