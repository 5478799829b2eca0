// What may lie in a bundle's folder, and what must stand in its manifest: exactly what the format
// names. Verification of digests is verify.h.
#pragma once

#include <string>

#include "base/fs/fs.h"
#include "base/result.h"

namespace cortex::bundle {

inline constexpr std::string_view kPostMigrateManifestName = "POST_V2_MIGRATE_MANIFEST";

// Every file of the folder `dir` is a member of a bundle and a plain file, every member of its
// manifest is known, there and there once. Error: kQuarantined; kPrecondition when it cannot be
// read.
Status check_inventory(fs::FileSystem& fs, const std::string& dir);

}  // namespace cortex::bundle
