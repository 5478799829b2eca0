// Bundle manifests: a refusal says why, and what is accepted can be written and read again with the
// same facts.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "bundle/manifest.h"
#include "fuzz/memory_fs.h"
#include "fuzz/require.h"
#include "json/value.h"

namespace {

using cortex::bundle::Artifact;
using cortex::bundle::ManifestFacts;
using cortex::fuzz::require;

cortex::Result<ManifestFacts> read(std::string text) {
  const std::string path = cortex::fs::join("bundle", cortex::bundle::kManifestName);
  cortex::fuzz::MemoryFileSystem fs;
  fs.files[path] = std::move(text);
  return cortex::bundle::read_manifest(fs, path);
}

bool same_artifact(const Artifact& a, const Artifact& b) {
  return a.name == b.name && a.size_bytes == b.size_bytes && a.blake3 == b.blake3;
}

bool same_facts(const ManifestFacts& a, const ManifestFacts& b) {
  return a.kind == b.kind && a.schema_version == b.schema_version &&
         a.tool_version == b.tool_version && a.backup_timestamp == b.backup_timestamp &&
         same_artifact(a.store, b.store) && same_artifact(a.ledger, b.ledger);
}

void check_error(const cortex::Error& error) {
  require(error.code == cortex::Code::kPrecondition || error.code == cortex::Code::kSchema);
  require(!error.message.empty());
  require(cortex::fuzz::is_printable(error.text()));
}

// A manifest of our own with the facts that were read.
void check_own_manifest(const ManifestFacts& facts) {
  const auto made_at = cortex::parse_strict_rfc3339(facts.backup_timestamp);
  require(made_at.has_value());
  cortex::bundle::Manifest manifest;
  manifest.post_v2 = facts.kind == cortex::bundle::kPostV2Kind;
  manifest.made_at = *made_at;
  manifest.store = facts.store;
  manifest.ledger = facts.ledger;
  const std::string written = cortex::format_rfc3339_seconds(*made_at);
  // The offset may have moved the first or last hours of four-digit years out of them.
  if (written.front() == '-' || written.front() == '+') return;
  const auto again = read(cortex::json::write_pretty(cortex::bundle::manifest_document(manifest)));
  require(again.ok());
  require(again->backup_timestamp == written && again->kind == facts.kind);
  require(same_artifact(again->store, facts.store));
  require(same_artifact(again->ledger, facts.ledger));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto facts = read(std::string(reinterpret_cast<const char*>(data), size));
  if (!facts.ok()) {
    check_error(facts.error());
    return 0;
  }
  for (const std::string& text :
       {cortex::json::write_pretty(facts->document), cortex::json::canonical(facts->document)}) {
    const auto again = read(text);
    require(again.ok() && same_facts(*again, *facts));
  }
  check_own_manifest(*facts);
  return 0;
}
