#include "app/doctor.h"

#include <utility>

#include "app/memory_erase.h"
#include "app/open_store.h"
#include "app/search_index.h"
#include "base/text.h"
#include "bundle/cut.h"
#include "crypto/digest.h"
#include "ledger/restore_guard.h"
#include "ledger/verify.h"
#include "sqlite/failure.h"
#include "store/migrations.h"
#include "store/mirror.h"
#include "store/open.h"

namespace cortex::app {
namespace {

constexpr std::string_view kNoPending = "doctor.repair.no_migrations_pending";

StrictReport stopped(StrictReport report, Code code, std::string_view status, std::string detail,
                     std::string next) {
  report.code = code;
  report.status = status;
  report.detail = std::move(detail);
  report.next = std::move(next);
  return report;
}

StrictReport stopped(StrictReport report, const Error& error) {
  const Code code = error.code == Code::kInternal ? Code::kPrecondition : error.code;
  return stopped(std::move(report), code, "precondition_unmet", error.message, error.next);
}

// A store that cannot be opened has the code that every command ends with over it.
StrictReport not_opened(StrictReport report, const Error& error) {
  return stopped(std::move(report), error.code, "precondition_unmet",
                 cat("failed to open store: ", error.message), error.next);
}

// Schema failures, or none with every migration pending for a store that was never opened.
Status inspect_schema(Services& services, const Layout& layout, StrictReport& report) {
  return store::inspect(services.fs, layout.db_path, [&report](sqlite::Connection& db) -> Status {
    CORTEX_ASSIGN(report.pending_migrations, store::pending(db));
    CORTEX_ASSIGN(const std::int64_t objects, db.query_int("SELECT count(*) FROM sqlite_schema"));
    report.schema_failures.clear();
    if (objects == 0) return {};
    CORTEX_ASSIGN(report.schema_failures, store::check_schema(db));
    return {};
  });
}

Result<ledger::ChainReport> read_ledger(Services& services, const Layout& layout) {
  CORTEX_ASSIGN(auto file, services.fs.open(layout.event_log_path, fs::Open::kRead));
  CORTEX_ASSIGN(const std::uint64_t size, ledger::settled_size(*file));
  return ledger::verify_chain(*file, size, {.threads = ledger::verify_threads()});
}

Result<bundle::ContentReport> look_deeper(Services& services, const Layout& layout) {
  CORTEX_ASSIGN(bundle::Cut cut,
                bundle::take_cut(services.fs, layout.db_path, layout.event_log_path));
  if (cut.store_error) return *cut.store_error;
  std::optional<sqlite::Connection> again;
  if (cut.store) {
    // The second thread sees a later state at most, which the first one's rows are a part of.
    CORTEX_ASSIGN(again, store::open_for_inspection(services.fs, layout.db_path));
    cut.store->stop_on(services.stop);
    again->stop_on(services.stop);
  }
  bundle::ContentInputs inputs{*cut.ledger, cut.tail.size_bytes, again ? &*again : nullptr};
  if (cut.store) inputs.mirrors.push_back(&*cut.store);
  return bundle::verify_content(inputs);
}

StrictReport with_content(StrictReport report, Result<bundle::ContentReport> content) {
  if (!content.ok()) {
    const Error& error = content.error();
    if (sqlite::failure_of(error) != sqlite::Failure::kCorrupt) {
      return stopped(std::move(report), error);
    }
    // So damaged that a look does not come to its end: that is what was to be found out.
    report.failures.push_back(error.message);
    return stopped(std::move(report), Code::kIntegrity, "integrity_failure", error.message,
                   error.next);
  }
  report.content = std::move(content).value();
  report.failures = report.content->problems;
  const store::MirrorComparison& mirror = report.content->mirror;
  if (mirror.differing > 0) {
    report.failures.push_back(
        cat("mirror: ", counted(mirror.differing, "row"), " unlike the ledger's"));
  }
  if (mirror.foreign > 0) {
    report.failures.push_back(
        cat("mirror: ", counted(mirror.foreign, "row"), " that the ledger does not hold"));
  }
  if (report.failures.empty()) {
    report.detail += cat("; chain of ", counted(report.content->ledger_rows, "row"), ", mirror (",
                         mirror.lagging, " lagging), integrity and full text are in order");
    return report;
  }
  std::string detail =
      cat(counted(report.failures.size(), "problem"), ", the first one: ", report.failures.front());
  const bool harmless = report.content->lacks_newline && report.failures.size() == 1;
  std::string next = "see all with --json; back up what is there before you repair";
  if (harmless) next = store::kNewlineNext;
  if (!report.pending_migrations.empty()) {
    next = cat("run `cortex doctor --repair`: ",
               counted(report.pending_migrations.size(), "migration"), " of the store are pending");
  }
  return stopped(std::move(report), Code::kIntegrity, "integrity_failure", std::move(detail),
                 std::move(next));
}

// An erasure that was interrupted is no damage: what ends it is another step.
StrictReport with_erasure(Services& services, const Layout& layout, StrictReport report) {
  if (!report.content || report.content->mirror.differing == 0) return report;
  std::string erasing;
  const Status looked =
      store::inspect(services.fs, layout.db_path, [&](sqlite::Connection& db) -> Status {
        CORTEX_ASSIGN(const auto file, services.fs.open(layout.event_log_path, fs::Open::kRead));
        CORTEX_ASSIGN(const std::uint64_t size, ledger::settled_size(*file));
        CORTEX_ASSIGN(erasing, interrupted_erasure(db, *file, size));
        return {};
      });
  if (!looked.ok() || erasing.empty()) return report;  // what was found stands as it was found
  report.failures.push_back(cat("mirror: the erasure of ", erasing, " was interrupted"));
  report.next = next_of_erasure(erasing);
  return report;
}

json::Array schema_failures_json(const std::vector<store::SchemaFailure>& failures) {
  json::Array out;
  for (const store::SchemaFailure& f : failures) out.emplace_back(f.text());
  return out;
}

// A mirror that lags because a disk is full or fails was not repaired; a ledger that cannot be read
// as one is told beside what was.
Status require_device(const StoreAtWork& store) {
  if (!store.device_error) return {};
  Error error = *store.device_error;
  error.message = store.mirror_note;
  error.unchanged = "the ledger has it all, the store lags behind it as before";
  return error;
}

}  // namespace

StrictReport doctor_strict(Services& services, const Layout& layout, bool deep,
                           bool needs_boundary) {
  StrictReport report;
  if (const auto status = require_store(services, layout); !status.ok()) {
    return stopped(std::move(report), status.error());
  }
  if (const auto status = ledger::check_no_restore(services.fs, layout.event_log_path);
      !status.ok()) {
    return stopped(std::move(report), status.error());
  }
  if (const auto status = inspect_schema(services, layout, report); !status.ok()) {
    return not_opened(std::move(report), status.error());
  }
  if (!report.schema_failures.empty()) {
    return stopped(std::move(report), Code::kSchema, "precondition_unmet",
                   "failed to open store: its schema is not what this version needs",
                   "run `cortex doctor --repair`");
  }
  const auto chain = read_ledger(services, layout);
  if (!chain.ok()) {
    Error error = with_context(chain.error(), "the ledger cannot be read");
    error.code = Code::kPrecondition;
    return stopped(std::move(report), error);
  }
  report.failures = ledger::boundary_failures(*chain, needs_boundary && chain->old_rows > 0);
  if (!report.failures.empty()) {
    std::string detail = report.failures.front();
    return stopped(std::move(report), Code::kSchema, "schema_mismatch", std::move(detail),
                   chain->boundary_lines.empty() ? "run `cortex migrate v2`"
                                                 : "restore the ledger from a backup");
  }
  for (const auto table : store::checked_tables()) report.checked_tables.emplace_back(table);
  report.status = "ok";
  report.detail = cat("the schema is complete across ", report.checked_tables.size(), " tables");
  if (report.pending_migrations.size() == store::kMigrationNames.size()) {
    report.detail =
        cat("the store is new, ", report.pending_migrations.size(),
            " migrations are pending for its ", report.checked_tables.size(), " tables");
  } else if (!report.pending_migrations.empty()) {
    report.detail +=
        cat("; migrations that the next change applies: ", report.pending_migrations.size());
  }
  if (!deep) return report;
  return with_erasure(services, layout,
                      with_content(std::move(report), look_deeper(services, layout)));
}

Result<DoctorRepairReport> doctor_repair(Services& services, const Layout& layout, bool dry_run) {
  CORTEX_TRY(require_store(services, layout));
  DoctorRepairReport report;
  report.dry_run = dry_run;
  if (dry_run) {
    const auto look = [&report](sqlite::Connection& db) -> Status {
      CORTEX_ASSIGN(report.migrations, store::pending(db));
      return {};
    };
    CORTEX_TRY(store::inspect(services.fs, layout.db_path, look));
    report.before = report.after = store::kMigrationNames.size() - report.migrations.size();
    return report;
  }
  CORTEX_ASSIGN(auto opened, open_store(services, layout));
  CORTEX_TRY(require_device(opened));
  report.migrations = std::move(opened.migrations);
  report.after = store::kMigrationNames.size();
  report.before = report.after - report.migrations.size();
  report.mirrored_rows = opened.mirrored_rows;
  report.mirror_note = std::move(opened.mirror_note);
  CORTEX_ASSIGN(report.schema_failures, store::check_schema(opened.connection));
  if (!report.schema_failures.empty()) return report;
  CORTEX_ASSIGN(report.search_index, mend_index(opened.connection));
  return report;
}

DeploymentReport deployment(Services& services, const Layout& layout) {
  const auto canonical = services.fs.canonical(layout.data_dir);
  return {layout.data_dir,
          cat("deployment:", crypto::blake3_hex(canonical.ok() ? *canonical : layout.data_dir))};
}

json::Value to_json(const StrictReport& report) {
  json::Object out{{"status", report.status}, {"detail", report.detail}};
  if (report.code == Code::kOk) {
    out.add("schema_version", store::kSchemaVersion);
    out.add("checked_tables", json::array_of(report.checked_tables));
  }
  if (!report.schema_failures.empty()) {
    out.add("failures", schema_failures_json(report.schema_failures));
  } else if (!report.failures.empty()) {
    out.add("failures", json::array_of(report.failures));
  }
  if (!report.pending_migrations.empty()) {
    out.add("pending_migrations", json::array_of(report.pending_migrations));
  }
  if (report.content) out.add("content", to_json(*report.content));
  return out;
}

json::Value to_json(const DoctorRepairReport& report) {
  const std::string_view what = report.dry_run ? " migrations are pending" : " migrations applied";
  json::Object out{{"status", "ok"}, {"detail", cat(report.migrations.size(), what)}};
  if (!report.schema_failures.empty()) {
    out.add("failures", schema_failures_json(report.schema_failures));
  }
  if (!report.migrations.empty()) out.add("migrations_applied", json::array_of(report.migrations));
  out.add("migrations_applied_count", report.migrations.size());
  out.add("schema_version_before", report.before);
  out.add("schema_version_after", report.after);
  out.add("dry_run", report.dry_run);
  if (!report.dry_run && report.migrations.empty()) out.add("invariant", kNoPending);
  if (!report.dry_run) {
    out.add("mirrored_rows", report.mirrored_rows);
    if (!report.mirror_note.empty()) out.add("mirror_note", report.mirror_note);
    if (!report.search_index.empty()) out.add("search_index", report.search_index);
  }
  return out;
}

json::Value to_json(const DeploymentReport& report) {
  return json::Object{{"data_dir", report.data_dir},
                      {"deployment_id", report.deployment_id},
                      {"detail", "the digest of the data folder's canonical path"},
                      {"status", "ok"}};
}

}  // namespace cortex::app
