#include "app/doctor.h"

#include "base/limits.h"
#include "base/text.h"
#include "bundle/verify.h"
#include "crypto/digest.h"
#include "ledger/append_log.h"
#include "ledger/verify.h"
#include "sqlite/transaction.h"
#include "store/migrations.h"
#include "store/mirror.h"
#include "store/open.h"

namespace cortex::app {
namespace {

StrictReport stopped(StrictReport report, Code code, std::string_view status, std::string detail) {
  report.code = code;
  report.status = status;
  report.detail = std::move(detail);
  return report;
}

Status require_store(Services& services, const Layout& layout) {
  const auto info = services.fs.stat(layout.db_path);
  if (info.ok() && info->kind == fs::Kind::kFile) return {};
  Error error = make_error(Code::kPrecondition,
                           cat("precondition unmet: there is no store ", quoted(layout.db_path)));
  error.unchanged = "no state was changed";
  error.next = "run `cortex init` first";
  return error;
}

Result<std::vector<store::SchemaFailure>> inspect_schema(Services& services, const Layout& layout) {
  CORTEX_ASSIGN(auto db, store::open_for_inspection(services.fs, layout.db_path));
  return store::check_schema(db);
}

Result<ledger::ChainReport> read_ledger(Services& services, const Layout& layout) {
  CORTEX_ASSIGN(auto file, services.fs.open(layout.event_log_path, fs::Open::kRead));
  CORTEX_ASSIGN(const fs::Info info, file->info());
  return ledger::verify_chain(*file, info.size_bytes);
}

StrictReport look_deeper(Services& services, const Layout& layout, StrictReport report,
                         const ledger::ChainReport& chain) {
  report.deep_checks.push_back(
      cat("chain: ", chain.rows, " rows, ", chain.failures_total, " failures"));
  const auto content = bundle::verify_content(services.fs, layout.db_path, layout.event_log_path);
  if (!content.ok()) {
    return stopped(std::move(report), content.error().code, "precondition_unmet",
                   content.error().text());
  }
  report.deep_checks.push_back(cat("mirror: ", content->mirrored_rows, " rows equal, ",
                                   content->lagging_rows, " lagging, ", content->differing_rows,
                                   " differing"));
  for (const auto& problem : content->problems) report.failures.push_back(problem);
  if (report.failures.empty()) return report;
  return stopped(std::move(report), Code::kIntegrity, "integrity_failure", report.failures.front());
}

}  // namespace

StrictReport doctor_strict(Services& services, const Layout& layout, bool deep) {
  StrictReport report;
  if (const auto status = require_store(services, layout); !status.ok()) {
    return stopped(std::move(report), Code::kPrecondition, "precondition_unmet",
                   status.error().text());
  }
  auto failures = inspect_schema(services, layout);
  if (!failures.ok()) {
    return stopped(std::move(report), Code::kPrecondition, "precondition_unmet",
                   failures.error().text());
  }
  if (!failures->empty()) {
    report.schema_failures = std::move(failures).value();
    return stopped(
        std::move(report), Code::kSchema, "precondition_unmet",
        "the store's schema is not what this version needs; run `cortex doctor --repair`");
  }
  const auto chain = read_ledger(services, layout);
  if (!chain.ok()) {
    return stopped(std::move(report), Code::kPrecondition, "precondition_unmet",
                   cat("the ledger cannot be read: ", chain.error().message));
  }
  report.failures = ledger::boundary_failures(*chain, false);
  if (!report.failures.empty()) {
    return stopped(std::move(report), Code::kSchema, "schema_mismatch", report.failures.front());
  }
  for (const auto table : store::checked_tables()) report.checked_tables.emplace_back(table);
  report.status = "ok";
  report.detail = cat("the schema is complete across ", report.checked_tables.size(), " tables");
  return deep ? look_deeper(services, layout, std::move(report), *chain) : report;
}

namespace {

// Mirrors the ledger rows that the store lacks; a ledger that cannot be read is a note, not a
// failure of the repair.
Status catch_mirror_up(Services& services, const Layout& layout, sqlite::Connection& db,
                       DoctorRepairReport& report) {
  CORTEX_ASSIGN(auto ledger, services.fs.open(layout.event_log_path, fs::Open::kRead));
  CORTEX_TRY(ledger->lock(fs::Lock::kShared, limits::kLockWaitMillisMax));
  CORTEX_ASSIGN(const ledger::Tail tail, ledger::read_tail(*ledger));
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate));
  CORTEX_ASSIGN(auto writer, store::catch_up(db, *ledger, tail.size_bytes, services.clock));
  CORTEX_TRY(ledger->sync_data());  // rows of a writer that died unsynced must be durable before
                                    // they are mirrored
  CORTEX_TRY(writer.finish());
  report.mirrored_rows = writer.added();
  return transaction.commit();
}

}  // namespace

Result<DoctorRepairReport> doctor_repair(Services& services, const Layout& layout, bool dry_run) {
  CORTEX_TRY(require_store(services, layout));
  DoctorRepairReport report;
  if (dry_run) {
    CORTEX_ASSIGN(auto db, store::open_for_inspection(services.fs, layout.db_path));
    CORTEX_ASSIGN(report.migrations, store::pending(db));
    report.before = report.after = store::kMigrationNames.size() - report.migrations.size();
    return report;
  }
  CORTEX_ASSIGN(auto opened, store::open_for_writing(layout.db_path));
  report.migrations = std::move(opened.applied);
  report.after = store::kMigrationNames.size();
  report.before = report.after - report.migrations.size();
  if (auto status = catch_mirror_up(services, layout, opened.connection, report); !status.ok()) {
    report.mirror_note = cat("the mirror was not brought up to date: ", status.error().message);
  }
  return report;
}

std::string deployment_id(Services& services, const Layout& layout) {
  const auto canonical = services.fs.canonical(layout.data_dir);
  return cat("deployment:", crypto::blake3_hex(canonical.ok() ? *canonical : layout.data_dir));
}

}  // namespace cortex::app
