// BACKUP_MANIFEST: what a bundle holds (docs/formats.md, "Bundle").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "bundle/digest.h"
#include "json/value.h"
#include "store/counts.h"

namespace cortex::bundle {

inline constexpr std::string_view kManifestName = "BACKUP_MANIFEST";
inline constexpr std::uint64_t kManifestBytesMax = 1U << 20U;
inline constexpr std::string_view kStoreName = "cortex.db";
inline constexpr std::string_view kLedgerName = "events.jsonl";
inline constexpr std::string_view kPreV2Kind = "cortex_pre_v2_backup";
inline constexpr std::string_view kPostV2Kind = "cortex_post_v2_backup";

struct Artifact {
  std::string name;  // relative to the manifest's folder
  std::uint64_t size_bytes = 0;
  std::string blake3;  // "blake3:" + hex
};

inline FileDigest digest_of(const Artifact& artifact) {
  return {artifact.size_bytes, artifact.blake3};
}

struct Manifest {
  bool post_v2 = false;
  Timestamp made_at;
  Artifact store;
  Artifact ledger;
  std::uint64_t ledger_rows = 0;
  store::TableCounts counts;
};

// The manifest as a document, keys in the order of the format.
json::Object manifest_document(const Manifest& manifest);

// What verification needs of a manifest; unknown keys are ignored, counts and audit results are
// optional.
struct ManifestFacts {
  std::string kind;
  std::uint64_t schema_version = 0;
  std::string tool_version;
  std::string backup_timestamp;
  Artifact store;
  Artifact ledger;
  json::Value document;

  bool post_v2() const { return kind == kPostV2Kind; }
};

// The facts of a manifest that was parsed already. Errors as below.
Result<ManifestFacts> manifest_facts(json::Value document);

// Reads and checks a manifest in the documented order. Errors: kPrecondition; kSchema for a
// schema_version that does not belong to the kind.
Result<ManifestFacts> read_manifest(fs::FileSystem& fs, const std::string& path);

}  // namespace cortex::bundle
