// What is checked before and after store and ledger are replaced.
#pragma once

#include <optional>
#include <string>

#include "base/fs/fs.h"
#include "base/result.h"
#include "bundle/manifest.h"

namespace cortex::bundle {

// The two files of a stage, or the active ones, against the manifest: there (kPrecondition), size
// and digest (kQuarantined).
Status check_staged(fs::FileSystem& fs, const std::string& stage_dir,
                    const ManifestFacts& manifest);
Status check_file(fs::FileSystem& fs, const std::string& path, std::string_view field,
                  const Artifact& wanted);

struct AnchorFiles {
  std::optional<std::string> anchor, history;
};
struct AnchorEvidence {
  AnchorFiles files;
  std::uint64_t rows = 0;
  std::uint64_t anchor_count = 0;
  std::uint64_t history_anchors = 0, history_latest = 0;

  bool any() const { return files.anchor || files.history; }
};
// Each anchor against the ledger, in one pass over it. Errors: kPrecondition for a file that is no
// anchor, kIntegrity for one that the ledger contradicts, kChain.
Result<AnchorEvidence> check_anchors(fs::FileSystem& fs, const std::string& ledger,
                                     const AnchorFiles& files);

}  // namespace cortex::bundle
