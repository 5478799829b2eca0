#include "bundle/manifest.h"

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "base/version.h"

namespace cortex::bundle {
namespace {

Error refused(std::string message) {
  Error error = make_error(Code::kPrecondition, std::move(message));
  error.unchanged = "no state was changed";
  return error;
}

Result<std::string> text_field(const json::Value& document, std::string_view key) {
  const json::Value* value = document.find(key);
  if (value == nullptr) return refused(cat("the manifest is malformed: missing field `", key, "`"));
  if (value->as_string() == nullptr) {
    return refused(cat("the manifest is malformed: field `", key, "` is no string"));
  }
  return *value->as_string();
}

Result<std::uint64_t> count_field(const json::Value& document, std::string_view key,
                                  std::uint64_t maximum) {
  const json::Value* value = document.find(key);
  if (value == nullptr) return refused(cat("the manifest is malformed: missing field `", key, "`"));
  const auto number = value->as_unsigned();
  if (!number || *number > maximum) {
    return refused(cat("the manifest is malformed: field `", key, "` is no integer in its range"));
  }
  return *number;
}

Status read_fields(const json::Value& document, ManifestFacts& facts) {
  CORTEX_ASSIGN(facts.kind, text_field(document, "kind"));
  CORTEX_ASSIGN(facts.schema_version, count_field(document, "schema_version", 65535));
  CORTEX_ASSIGN(facts.store.name, text_field(document, "sqlite_store"));
  CORTEX_ASSIGN(facts.ledger.name, text_field(document, "jsonl_mirror"));
  CORTEX_ASSIGN(facts.tool_version, text_field(document, "tool_version"));
  CORTEX_ASSIGN(facts.backup_timestamp, text_field(document, "backup_timestamp"));
  CORTEX_ASSIGN(facts.store.size_bytes, count_field(document, "sqlite_store_size_bytes", ~0ULL));
  CORTEX_ASSIGN(facts.store.blake3, text_field(document, "sqlite_store_blake3"));
  CORTEX_ASSIGN(facts.ledger.size_bytes, count_field(document, "jsonl_mirror_size_bytes", ~0ULL));
  CORTEX_ASSIGN(facts.ledger.blake3, text_field(document, "jsonl_mirror_blake3"));
  return {};
}

struct KindRow {
  std::string_view kind;
  std::uint64_t schema_version;
};
constexpr KindRow kKinds[] = {{kPreV2Kind, 1}, {kPostV2Kind, 2}};

Status check_fields(const ManifestFacts& facts) {
  const auto* row = std::ranges::find(kKinds, facts.kind, &KindRow::kind);
  if (row == std::end(kKinds)) {
    return refused(cat("the manifest has an invalid kind ", quoted(facts.kind), ", expected ",
                       kPreV2Kind, " or ", kPostV2Kind));
  }
  if (facts.schema_version != row->schema_version) {
    return with_code(refused(cat("the manifest has schema_version ", facts.schema_version,
                                 ", expected ", row->schema_version, " for this kind")),
                     Code::kSchema);
  }
  if (is_blank(facts.tool_version)) return refused("the manifest has a blank tool_version");
  if (!parse_strict_rfc3339(facts.backup_timestamp)) {
    return refused("the manifest's backup_timestamp is no RFC 3339 time");
  }
  return {};
}

}  // namespace

json::Object manifest_document(const Manifest& m) {
  const json::Object counts{{"events", m.counts.events},
                            {"traces", m.counts.traces},
                            {"episodes", m.counts.episodes},
                            {"memories", m.counts.memories}};
  return json::Object{{"kind", m.post_v2 ? kPostV2Kind : kPreV2Kind},
                      {"schema_version", m.post_v2 ? 2 : 1},
                      {"sqlite_store", m.store.name},
                      {"jsonl_mirror", m.ledger.name},
                      {"tool_version", version()},
                      {"backup_timestamp", format_rfc3339_seconds(m.made_at)},
                      {"sqlite_store_size_bytes", m.store.size_bytes},
                      {"sqlite_store_blake3", m.store.blake3},
                      {"jsonl_mirror_size_bytes", m.ledger.size_bytes},
                      {"jsonl_mirror_blake3", m.ledger.blake3},
                      {"jsonl_mirror_audit_status", "verified"},
                      {"jsonl_mirror_audit_rows_scanned", m.ledger_rows},
                      {"jsonl_mirror_audit_failures", 0},
                      {"table_row_counts", counts},
                      {"runtime_mode", "local_unsigned"},
                      {"proof_state", "full_chain_verified"},
                      {"claim_ceiling", "local_unsigned"},
                      {"authority_class", "observed"}};
}

Result<ManifestFacts> read_manifest(fs::FileSystem& fs, const std::string& path) {
  CORTEX_ASSIGN(const fs::Info info, fs.stat(path));
  if (info.kind != fs::Kind::kFile) {
    Error error = refused(cat("the manifest ", quoted(path), " was not found"));
    error.next = "name the BACKUP_MANIFEST of a full, plain bundle";
    return error;
  }
  auto text = fs::read_all(fs, path, kManifestBytesMax);
  if (!text.ok()) return with_code(std::move(text).error(), Code::kPrecondition);
  auto document = json::parse(*text);
  if (!document.ok()) {
    return refused(cat("the manifest is malformed: ", document.error().message));
  }
  return manifest_facts(std::move(document).value());
}

Result<ManifestFacts> manifest_facts(json::Value document) {
  ManifestFacts facts;
  CORTEX_TRY(read_fields(document, facts));
  CORTEX_TRY(check_fields(facts));
  facts.document = std::move(document);
  return facts;
}

}  // namespace cortex::bundle
