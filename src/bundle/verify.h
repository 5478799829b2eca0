// Verification of a bundle: sizes and digests, and on request everything that its files promise.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "bundle/manifest.h"

namespace cortex::bundle {

// What a deep look at a bundle's content found.
struct ContentReport {
  std::uint64_t ledger_rows = 0;
  std::uint64_t ledger_failures = 0;
  std::uint64_t mirrored_rows = 0;   // ledger rows that the store holds with the same hashes
  std::uint64_t lagging_rows = 0;    // ledger rows that the store does not hold
  std::uint64_t differing_rows = 0;  // held, with other hashes
  store::TableCounts counts;
  std::vector<std::string> problems;  // empty: the content is what it should be
};

struct VerifiedArtifact {
  std::string field;  // "sqlite_store" or "jsonl_mirror"
  std::string path;
  std::uint64_t size_bytes = 0;
  std::string blake3;
};

struct VerifyReport {
  ManifestFacts manifest;
  std::vector<VerifiedArtifact> artifacts;
};

// Manifest, sizes and digests of a pre-v2 bundle. Errors: kPrecondition, kSchema, kQuarantined for
// a wrong size or digest.
Result<VerifyReport> verify_artifacts(fs::FileSystem& fs, const std::string& manifest_path);

// Opens the copied store without leaving anything beside it, checks it, audits the copied ledger
// and compares both.
Result<ContentReport> verify_content(fs::FileSystem& fs, const std::string& store_path,
                                     const std::string& ledger_path);

struct FileDigest {
  std::uint64_t size_bytes = 0;
  std::string blake3;
};
// Streams the file once; `from_device` drops the page cache first, so that what is on disk is read.
Result<FileDigest> digest_file(fs::FileSystem& fs, const std::string& path, bool from_device);

}  // namespace cortex::bundle
