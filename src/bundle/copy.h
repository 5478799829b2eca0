// Copies of whole files.
#pragma once

#include <string>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/digest.h"

namespace cortex::bundle {

// Copies `from` to the new file `to` in one pass, syncs it, and returns the digest of what was
// copied. `to` must not exist; it is removed again when the copy fails. The caller syncs the
// folder. Constant memory.
Result<FileDigest> copy_file(fs::FileSystem& fs, const std::string& from, const std::string& to,
                             unsigned mode, Progress* progress = nullptr);

}  // namespace cortex::bundle
