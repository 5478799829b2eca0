#include "app/migration_record.h"

#include <utility>

#include "base/fs/fs.h"
#include "base/text.h"
#include "base/version.h"
#include "bundle/inventory.h"
#include "crypto/digest.h"
#include "json/value.h"
#include "ledger/boundary.h"

namespace cortex::app {
namespace {

constexpr std::string_view kMigrationRecordName = "cortex_migration_v2.json";
constexpr std::string_view kAttestationName = "cortex_operator_attestation.json";
constexpr std::uint64_t kRecordBytesMax = 1U << 20U;

json::Object manifest_document(const MigrationPlan& plan, const std::string& boundary_hash,
                               const std::string& bundle_manifest, const store::TableCounts& before,
                               Timestamp now) {
  return json::Object{{"authority_class", "verified"},
                      {"boundary_event_hash", boundary_hash},
                      {"boundary_previous_v1_head_hash", plan.previous_v1_head()},
                      {"claim_ceiling", "local_unsigned"},
                      {"fixture_verification_result_hash", plan.fixture_hash},
                      {"kind", "cortex_post_v2_migrate"},
                      {"manifest_envelope_version", 1},
                      {"migrate_timestamp", format_rfc3339(now, Offset::kPlus00)},
                      {"migration_script_digest", ledger::kMigrationScriptDigest},
                      {"pre_v2_backup_manifest", bundle_manifest},
                      {"pre_v2_table_row_counts", json::Object{{"episodes", before.episodes},
                                                               {"events", before.events},
                                                               {"memories", before.memories},
                                                               {"traces", before.traces}}},
                      {"proof_state", "full_chain_verified"},
                      {"runtime_mode", "local_unsigned"},
                      {"schema_v1_to_v2_event_boundary_delta", 1},
                      {"schema_version", 2},
                      {"tool_version", version()}};
}

std::string path_of(const Layout& layout, std::string_view name) {
  return fs::join(fs::parent_of(layout.db_path), name);
}

Status replace(fs::FileSystem& fs, const std::string& path, std::string_view bytes) {
  CORTEX_ASSIGN(const fs::Info info, fs.lstat(path));
  if (info.kind != fs::Kind::kMissing) CORTEX_TRY(fs.remove_file(path));
  CORTEX_TRY(fs::write_new(fs, path, bytes, 0600));
  return fs.sync_directory(fs::parent_of(path));
}

}  // namespace

MigrationRecord make_migration_record(const MigrationPlan& plan, const std::string& boundary_hash,
                                      const std::string& bundle_manifest,
                                      const store::TableCounts& before, std::string attestation,
                                      Timestamp now) {
  json::Object document = manifest_document(plan, boundary_hash, bundle_manifest, before, now);
  MigrationRecord record;
  record.boundary_event_hash = boundary_hash;
  record.manifest_path = fs::join(fs::parent_of(bundle_manifest), bundle::kPostMigrateManifestName);
  record.manifest_blake3 = cat("blake3:", crypto::blake3_hex(json::canonical(document)));
  document.add("manifest_blake3", record.manifest_blake3);
  record.manifest_text = json::write_pretty(std::move(document), json::Keys::kSorted);
  record.attestation = std::move(attestation);
  return record;
}

Status keep_record(Services& services, const Layout& layout, const MigrationRecord& record) {
  // The note outlives the working directory of this process.
  std::string manifest_path = record.manifest_path;
  if (!manifest_path.starts_with('/')) {
    CORTEX_ASSIGN(const std::string here, services.fs.working_directory());
    manifest_path = fs::join(here, manifest_path);
  }
  const json::Value note = json::Object{{"boundary_event_hash", record.boundary_event_hash},
                                        {"manifest_path", manifest_path},
                                        {"manifest_text", record.manifest_text},
                                        {"manifest_blake3", record.manifest_blake3},
                                        {"operator_attestation", record.attestation}};
  return replace(services.fs, path_of(layout, kMigrationRecordName), json::write_pretty(note));
}

Result<std::optional<MigrationRecord>> kept_record(Services& services, const Layout& layout,
                                                   std::string_view boundary_hash) {
  const std::string path = path_of(layout, kMigrationRecordName);
  CORTEX_ASSIGN(const fs::Info info, services.fs.stat(path));
  if (info.kind == fs::Kind::kMissing) return std::optional<MigrationRecord>();
  CORTEX_ASSIGN(const std::string text, fs::read_all(services.fs, path, kRecordBytesMax));
  CORTEX_ASSIGN(const json::Value note, json::parse(text));
  MigrationRecord record;
  const std::pair<std::string_view, std::string*> members[] = {
      {"boundary_event_hash", &record.boundary_event_hash},
      {"manifest_path", &record.manifest_path},
      {"manifest_text", &record.manifest_text},
      {"manifest_blake3", &record.manifest_blake3},
      {"operator_attestation", &record.attestation}};
  for (const auto& [key, text_member] : members) {
    const std::string* found = note.find_text(key);
    if (found == nullptr) {
      return make_error(Code::kPrecondition, cat(quoted(path), " has no text ", quoted(key)));
    }
    *text_member = *found;
  }
  if (record.boundary_event_hash != boundary_hash) return std::optional<MigrationRecord>();
  return std::optional(std::move(record));
}

Status finish_record(Services& services, const Layout& layout, const MigrationRecord& record) {
  CORTEX_TRY(replace(services.fs, record.manifest_path, record.manifest_text));
  CORTEX_TRY(replace(services.fs, path_of(layout, kAttestationName), record.attestation));
  CORTEX_TRY(services.fs.remove_file(path_of(layout, kMigrationRecordName)));
  return services.fs.sync_directory(fs::parent_of(layout.db_path));
}

}  // namespace cortex::app
