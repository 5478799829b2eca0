#include "app/backup.h"

#include <utility>

#include "app/plain_bundle.h"
#include "app/status.h"
#include "base/text.h"
#include "bundle/inventory.h"
#include "bundle/private_folder.h"
#include "bundle/restore_lock.h"
#include "bundle/staging.h"
#include "crypto/age.h"

namespace cortex::app {

namespace {

constexpr std::string_view kTimestampedStart = "cortex-";

// `status` is told where the bundle is; a data folder that cannot be written is none of the
// backup's business.
void remember(Services& services, const BackupRequest& request, LastBackup backup) {
  const auto absolute = services.fs.canonical(request.output);
  backup.bundle_dir = absolute.ok() ? *absolute : request.output;
  static_cast<void>(remember_backup(services, request.layout, backup).ok());
}

LastBackup last_backup_of(const bundle::BackupReport& report) {
  return {.made_at = report.manifest.made_at,
          .ledger_rows = report.manifest.ledger_rows,
          .ledger_head = report.ledger_head,
          .verified = report.verification.has_value()};
}

bundle::BackupRequest bundle_request(const Services& services, const BackupRequest& request,
                                     const std::string& output) {
  return {.db_path = request.layout.db_path,
          .event_log_path = request.layout.event_log_path,
          .output = output,
          .verify = request.verify,
          .progress = request.progress,
          .stop = services.stop};
}

Result<std::vector<crypto::AgeRecipient>> read_recipients(Services& services,
                                                          const std::vector<std::string>& given) {
  constexpr std::uint64_t kFileBytesMax = 1U << 20U;
  std::vector<crypto::AgeRecipient> recipients;
  for (const std::string& text : given) {
    if (text.starts_with("age1")) {
      CORTEX_ASSIGN(recipients.emplace_back(), crypto::parse_age_recipient(text));
      continue;
    }
    auto file = fs::read_all(services.fs, text, kFileBytesMax);
    if (!file.ok()) {
      return make_error(Code::kPrecondition,
                        cat(quoted(text), " is neither a recipient nor a file of recipients"),
                        "no bundle was written", "give age1... or a file with one a line");
    }
    auto more = crypto::parse_age_recipients(*file);
    if (!more.ok()) return with_context(std::move(more).error(), quoted(text));
    recipients.insert(recipients.end(), more->begin(), more->end());
  }
  return recipients;
}

}  // namespace

Result<SealedBackupReport> sealed_backup(Services& services, const BackupRequest& request,
                                         const std::vector<std::string>& recipients,
                                         ledger::ChainReport& failures) {
  SealedBackupReport report;
  report.output = request.output;
  CORTEX_ASSIGN(const auto keys, read_recipients(services, recipients));
  report.recipients = keys.size();
  CORTEX_TRY(bundle::check_output(services.fs, request.output));
  CORTEX_ASSIGN(const auto work,
                bundle::PrivateFolder::create(services.fs, request.layout.data_dir, ".cortex-seal-",
                                              services.clock, services.random));
  const std::string plain = work.member("bundle");
  CORTEX_ASSIGN(report.plain,
                bundle::make_backup(services.fs, bundle_request(services, request, plain),
                                    services.clock, services.random, &failures));
  CORTEX_ASSIGN(auto staging, bundle::Staging::create(services.fs, request.output, services.clock,
                                                      services.random));
  const bundle::Manifest& manifest = report.plain.manifest;
  begin_phase(request.progress, "encrypting",
              manifest.store.size_bytes + manifest.ledger.size_bytes);
  auto sealed =
      bundle::seal(services.fs, plain, staging->path(), keys, services.random, request.progress);
  if (!sealed.ok()) {
    Error error = with_code(std::move(sealed).error(), Code::kPrecondition);
    error.unchanged = "no bundle was written";
    return error;
  }
  report.members = std::move(sealed).value();
  if (request.verify) {
    CORTEX_TRY(bundle::check_sealed(services.fs, staging->path(), bundle::Source::kDevice,
                                    request.progress));
  }
  CORTEX_TRY(staging->publish());
  report.plain.bundle_dir = request.output;
  report.plain.manifest_path = fs::join(request.output, bundle::kSealedManifestName);
  remember(services, request, last_backup_of(report.plain));
  return report;
}

json::Value to_json(const SealedBackupReport& report) {
  json::Array members;
  for (const bundle::SealedMember& member : report.members) {
    members.push_back(json::Object{{"blake3", member.digest.blake3},
                                   {"name", member.name},
                                   {"size_bytes", member.digest.size_bytes}});
  }
  json::Value out = to_json(report.plain);
  out.as_object()->set("encrypted_members", std::move(members));
  out.as_object()->set("recipients", report.recipients);
  return json::sorted(std::move(out));
}

Result<bundle::IncrementReport> incremental_backup(Services& services, const BackupRequest& request,
                                                   const std::string& parent) {
  CORTEX_ASSIGN(bundle::IncrementReport report,
                bundle::make_increment(services.fs,
                                       {.db_path = request.layout.db_path,
                                        .event_log_path = request.layout.event_log_path,
                                        .parent = parent,
                                        .output = request.output,
                                        .work_dir = request.layout.data_dir,
                                        .verify = request.verify,
                                        .progress = request.progress},
                                       services.clock, services.random));
  remember(services, request,
           {.made_at = services.clock.now(),
            .ledger_rows = report.ledger_rows,
            .ledger_head = report.ledger_head,
            .verified = report.verified});
  return report;
}

Result<CompactReport> compact_backup(Services& services, const CompactRequest& request) {
  CompactReport report;
  report.bundle_dir = request.bundle_dir;
  report.output = request.output;
  CORTEX_TRY(bundle::check_output(services.fs, request.output));
  CORTEX_ASSIGN(auto staging, bundle::Staging::create(services.fs, request.output, services.clock,
                                                      services.random));
  auto source = make_plain(services, {request.bundle_dir, request.identity_file}, staging->path(),
                           request.progress);
  if (!source.ok()) {
    Error error = std::move(source).error();
    if (error.system_errno != 0) error.unchanged = "no bundle was written";
    return error;
  }
  report.source = std::move(source).value();
  if (report.source.empty()) {
    return make_error(Code::kPrecondition,
                      cat("the bundle ", quoted(request.bundle_dir), " is full and plain already"),
                      "no bundle was written", "copy the folder where you want it");
  }
  CORTEX_ASSIGN(report.bundle,
                bundle::verify_bundle(services.fs, staging->member(bundle::kManifestName), true,
                                      request.progress));
  CORTEX_TRY(bundle::check_inventory(services.fs, staging->path()));
  CORTEX_TRY(staging->publish());
  return report;
}

json::Value to_json(const CompactReport& report) {
  return json::Object{{"bundle_dir", report.bundle_dir},
                      {"command", "backup.compact"},
                      {"manifest", report.bundle.manifest.document},
                      {"output", report.output},
                      {"source", report.source}};
}

Result<bundle::BackupReport> backup(Services& services, const BackupRequest& request,
                                    ledger::ChainReport& failures) {
  CORTEX_ASSIGN(const bundle::BackupReport report,
                bundle::make_backup(services.fs, bundle_request(services, request, request.output),
                                    services.clock, services.random, &failures));
  remember(services, request, last_backup_of(report));
  return report;
}

std::string timestamped_bundle(Services& services, const std::string& folder) {
  // No later backup has the name of one that died.
  bundle::remove_marked_dead_folders(services.fs, folder, cat(".", kTimestampedStart),
                                     bundle::kStagingMark);
  return fs::join(folder, cat(kTimestampedStart, bundle::format_compact(services.clock.now())));
}

Result<bundle::VerifyReport> verify_backup(Services& services, const std::string& manifest_path,
                                           bool deep, Progress* progress) {
  return bundle::verify_bundle(services.fs, manifest_path, deep, progress);
}

}  // namespace cortex::app
