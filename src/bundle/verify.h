// Verification of a bundle on disk: sizes and digests against its manifest, and on request
// everything that its files promise (docs/formats.md, 11.4). Nothing is written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/content.h"
#include "bundle/digest.h"
#include "bundle/manifest.h"
#include "json/value.h"

namespace cortex::bundle {

struct VerifiedArtifact {
  std::string field;  // "sqlite_store" or "jsonl_mirror"
  std::string path;
  FileDigest digest;
};

struct VerifyReport {
  std::string manifest_path;  // as given
  ManifestFacts manifest;
  std::vector<VerifiedArtifact> artifacts;
  std::optional<ContentReport> content;  // with `deep`
};

// Reads each byte once. Errors: kPrecondition, kSchema, kQuarantined for a wrong size or digest,
// which goes before everything that is said of the content. With `deep` also
// kIntegrity for content that is not sound, kChain for a ledger line that is no row.
Result<VerifyReport> verify_bundle(fs::FileSystem& fs, const std::string& manifest_path, bool deep,
                                   Progress* progress = nullptr);

// The same in steps, for who reads the files anyway. The manifest, and the files with the sizes
// that it says; no digest yet.
Result<VerifyReport> find_bundle(fs::FileSystem& fs, const std::string& manifest_path);
// Digests that somebody has made of the bundle's files; kQuarantined.
Status take_digests(VerifyReport& report, const FileDigest& store, const FileDigest& ledger);
// All of it, of the bundle's files or of copies of them.
Status verify_found(fs::FileSystem& fs, VerifyReport& report, const std::string& store_path,
                    const std::string& ledger_path, Progress* progress);

// What files of a bundle hold; the digests are those of the bytes that were looked at.
struct FilesReport {
  FileDigest store, ledger;
  ContentReport content;
};
Result<FilesReport> verify_files(fs::FileSystem& fs, const std::string& store_path,
                                 const std::string& ledger_path, Source source,
                                 Progress* progress = nullptr);
// The same of files that must be sound. Errors: also kIntegrity for content that is not.
Result<FilesReport> verify_sound_files(fs::FileSystem& fs, const std::string& store_path,
                                       const std::string& ledger_path,
                                       Progress* progress = nullptr);

// The report of `restore verify-backup`, keys sorted.
json::Value to_json(const VerifyReport& report);

}  // namespace cortex::bundle
