#include "app/init.h"

#include "app/site_id.h"
#include "base/text.h"
#include "store/schema_check.h"

namespace cortex::app {
namespace {

constexpr unsigned kSecureMode = 0700;

Error init_refused(const std::string& message, std::string next) {
  return make_error(Code::kPrecondition, cat("precondition unmet: ", message),
                    "no file was created", std::move(next));
}

Status prepare_folder(Services& services, const Layout& layout, bool validate_permissions) {
  CORTEX_ASSIGN(fs::Info info, services.fs.stat(layout.data_dir));
  if (info.kind == fs::Kind::kMissing) {
    const auto made = services.fs.make_directories(layout.data_dir, kSecureMode);
    if (!made.ok()) return with_code(made.error(), Code::kPrecondition);
    CORTEX_ASSIGN(info, services.fs.stat(layout.data_dir));
  }
  if (info.kind != fs::Kind::kDirectory) {
    return init_refused(cat("the data folder ", quoted(layout.data_dir), " is no folder"),
                        "move it away or name another folder with CORTEX_DATA_DIR");
  }
  if (!validate_permissions || (info.mode & 0777) == kSecureMode) return {};
  return init_refused(
      cat("the data folder ", quoted(layout.data_dir), " is not private to its owner"),
      cat("run `chmod 700 ", layout.data_dir, "`"));
}

// A sidecar beside a store that has content belongs to an open or interrupted store; beside none it
// is stray.
Status refuse_stray_sidecars(Services& services, const Layout& layout) {
  CORTEX_ASSIGN(const fs::Info db, services.fs.stat(layout.db_path));
  if (db.kind == fs::Kind::kFile && db.size_bytes > 0) return {};
  for (const char* suffix : {"-wal", "-shm"}) {
    CORTEX_ASSIGN(const fs::Info info, services.fs.lstat(layout.db_path + suffix));
    if (info.kind == fs::Kind::kMissing) continue;
    return init_refused(
        cat("there is a sqlite sidecar ", quoted(layout.db_path + suffix), " without its store"),
        "restore the store that it belongs to, or move the sidecar away");
  }
  return {};
}

Result<bool> create_file(Services& services, const std::string& path) {
  CORTEX_ASSIGN(const fs::Info info, services.fs.lstat(path));
  if (info.kind == fs::Kind::kSymlink) {
    CORTEX_ASSIGN(const fs::Info target, services.fs.stat(path));
    if (target.kind == fs::Kind::kMissing) {
      return init_refused(cat(quoted(path), " is a symbolic link to nothing"),
                          "remove or mend the link");
    }
  }
  if (info.kind != fs::Kind::kMissing) return false;
  const std::string parent = fs::parent_of(path);
  CORTEX_ASSIGN(const fs::Info folder, services.fs.stat(parent));
  if (folder.kind == fs::Kind::kMissing) {
    CORTEX_ASSIGN(const auto made, services.fs.make_directories(parent, kSecureMode));
    static_cast<void>(made);
  }
  CORTEX_TRY(fs::write_new(services.fs, path, "", 0600));
  CORTEX_TRY(services.fs.sync_directory(parent));
  return true;
}

// Files that are there already keep their modes; asked to validate, they must be private too.
Status require_private_file(Services& services, const std::string& path) {
  CORTEX_ASSIGN(const fs::Info info, services.fs.stat(path));
  if (info.kind != fs::Kind::kFile || (info.mode & 0077) == 0) return {};
  return init_refused(cat("the file ", quoted(path), " is not private to its owner"),
                      cat("run `chmod 600 ", path, "`"));
}

Result<InitReport> init_files(Services& services, const Layout& layout, bool validate_permissions) {
  CORTEX_TRY(prepare_folder(services, layout, validate_permissions));
  CORTEX_TRY(refuse_stray_sidecars(services, layout));
  if (validate_permissions) {
    CORTEX_TRY(require_private_file(services, layout.db_path));
    CORTEX_TRY(require_private_file(services, layout.event_log_path));
  }
  InitReport report;
  report.layout = layout;
  // Before the store: a folder that has one gets no id any more.
  CORTEX_ASSIGN(const fs::Info store, services.fs.lstat(layout.db_path));
  if (store.kind == fs::Kind::kMissing) CORTEX_TRY(make_site_id(services, layout.data_dir));
  CORTEX_ASSIGN(report.created_db, create_file(services, layout.db_path));
  CORTEX_ASSIGN(report.created_event_log, create_file(services, layout.event_log_path));
  return report;
}

}  // namespace

Result<InitReport> init(Services& services, const Layout& layout, bool validate_permissions) {
  auto report = init_files(services, layout, validate_permissions);
  if (!report.ok()) return with_code(std::move(report).error(), Code::kPrecondition);
  return report;
}

json::Value to_json(const InitReport& report) {
  return json::Object{{"data_dir", report.layout.data_dir},
                      {"db_path", report.layout.db_path},
                      {"event_log_path", report.layout.event_log_path},
                      {"schema_version", store::kSchemaVersion},
                      {"created_db", report.created_db},
                      {"created_event_log", report.created_event_log},
                      {"applied_migrations", json::Array{}}};
}

}  // namespace cortex::app
