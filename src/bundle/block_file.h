// `<bundle>.blocks`: the BLAKE3 values of a bundle's blocks, kept beside it, so that a part of a
// large bundle can be checked without reading the rest (docs/formats.md, "Beside a bundle").
//
// The file needs no trust: its values give the manifest's digests, or it is not used.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/digest.h"
#include "bundle/manifest.h"

namespace cortex::bundle {

struct MemberBlocks {
  std::string name;
  FileDigest digest;
  std::vector<crypto::ChainingValue> values;  // 32 bytes a MiB
};

std::string block_file_path(fs::FileSystem& fs, const std::string& bundle_dir);

// Reads both members in full.
Result<std::vector<MemberBlocks>> read_blocks_of(fs::FileSystem& fs, const std::string& bundle_dir,
                                                 const ManifestFacts& manifest, Progress* progress);
// Puts the file beside the bundle, replacing an older one, synced.
Status write_block_file(fs::FileSystem& fs, const std::string& bundle_dir,
                        const std::vector<MemberBlocks>& members);
// Nullopt when there is none, or none that belongs to this manifest.
std::optional<std::vector<MemberBlocks>> read_block_file(fs::FileSystem& fs,
                                                         const std::string& bundle_dir,
                                                         const ManifestFacts& manifest);

// Which blocks of a member to check: the block's number and how many there are.
using BlockChoice = std::function<bool(std::uint64_t index, std::uint64_t count)>;
struct PartialCheck {
  std::uint64_t bytes_checked = 0, bytes_total = 0;
};
// Reads the chosen blocks and the tail of each member. The tails with all values must give the
// manifest's digests, each block its value. Error: kQuarantined.
Result<PartialCheck> check_blocks(fs::FileSystem& fs, const std::string& bundle_dir,
                                  const std::vector<MemberBlocks>& members,
                                  const BlockChoice& choice, Progress* progress);

}  // namespace cortex::bundle
