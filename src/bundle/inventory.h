// What may lie in a bundle's folder and beside it, and what must stand in its manifest: exactly
// what the format names. Verification of digests is verify.h.
#pragma once

#include <string>
#include <string_view>

#include "base/fs/fs.h"
#include "base/result.h"

namespace cortex::bundle {

inline constexpr std::string_view kPostMigrateManifestName = "POST_V2_MIGRATE_MANIFEST";
// What lies beside a bundle has the path of its folder with one of these behind it.
inline constexpr std::string_view kBlocksSuffix = ".blocks";
inline constexpr std::string_view kDrillsSuffix = ".drills.jsonl";

// The path of the folder `dir` to which a suffix can be added: without trailing slashes, and the
// canonical one where it ends in "." or "..".
std::string bundle_folder(fs::FileSystem& fs, std::string dir);

// Every file of the folder `dir` is a member of a bundle and a plain file: kQuarantined. Those that
// must be there are: kPrecondition.
Status check_members(fs::FileSystem& fs, const std::string& dir);

// The same, and every member of its manifest is known, there and there once. Error: kQuarantined;
// kPrecondition when it cannot be read.
Status check_inventory(fs::FileSystem& fs, const std::string& dir);

}  // namespace cortex::bundle
