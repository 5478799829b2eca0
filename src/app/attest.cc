#include "app/attest.h"

#include <memory>
#include <utility>

#include "base/fs/fs.h"
#include "base/text.h"
#include "base/ulid.h"
#include "core/ids.h"
#include "json/value.h"
#include "ledger/user_attestation.h"

namespace cortex::app {
namespace {

// The file with its last line ended.
Result<std::unique_ptr<fs::File>> open_records(Services& services, const std::string& path,
                                               std::string& rows) {
  CORTEX_ASSIGN([[maybe_unused]] const auto made,
                services.fs.make_directories(fs::parent_of(path), 0700));
  CORTEX_ASSIGN(auto file, services.fs.open(path, fs::Open::kAppendOrCreate, 0600));
  CORTEX_ASSIGN(const fs::Info info, file->info());
  if (info.size_bytes == 0) return file;
  char last = 0;
  CORTEX_ASSIGN([[maybe_unused]] const std::size_t got,
                file->read_at(info.size_bytes - 1, std::span(&last, 1)));
  if (last != '\n') rows.insert(rows.begin(), '\n');
  return file;
}

}  // namespace

std::string audit_records_path(const std::string& data_dir) {
  return fs::join(data_dir, "audit_records.jsonl");
}

void Attestor::attest(Services& services, const core::Event& event, std::uint64_t position) {
  const std::string_view operation = ledger::attestation_operation(event.source.type);
  if (operation.empty()) return;
  const std::string id = core::id_text(core::IdKind::kEvent, event.id);
  const std::string key_id = key_.key_id();
  const Timestamp signed_at = services.clock.now();
  const std::string now = format_rfc3339(signed_at, Offset::kZ);
  const std::string preimage =
      ledger::user_attestation_preimage(event, position, ledger_id_, key_id, signed_at);
  const json::Object row{
      {"id",
       core::id_text(core::IdKind::kAuditRecord, Ulid::make(services.clock, services.random))},
      {"schema_version", 2},
      {"actor_json", json::Object{{"event_id", id},
                                  {"key_id", key_id},
                                  {"kind", core::source_type_text(event.source.type)},
                                  {"signature_hex", to_hex(key_.sign(preimage))},
                                  {"signed_at", now}}},
      {"operation", operation},
      {"target_ref", id},
      {"created_at", now},
      {"outcome", json::Object{{"status", "success"}}},
      {"correlation_id", nullptr}};
  json::write_compact(rows_, row, json::Keys::kAsIs);
  rows_.push_back('\n');
  if (event.source.type == core::SourceType::kUser) user_events_.push_back(id);
}

Status Attestor::write(Services& services, const std::string& path) {
  if (rows_.empty()) return {};
  CORTEX_ASSIGN(const std::unique_ptr<fs::File> file, open_records(services, path, rows_));
  CORTEX_TRY(file->append(rows_));
  CORTEX_TRY(file->sync_data());
  rows_.clear();
  return {};
}

}  // namespace cortex::app
