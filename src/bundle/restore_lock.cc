#include "bundle/restore_lock.h"

#include <cerrno>
#include <utility>

#include "base/text.h"

namespace cortex::bundle {
namespace {

LockProbe ended(LockProbe probe, std::string_view status, std::string_view scope,
                std::string reason) {
  probe.status = status;
  probe.scope = scope;
  probe.reason = std::move(reason);
  return probe;
}

bool is_folder(fs::FileSystem& fs, const std::string& path) {
  if (path.empty()) return false;
  const auto info = fs.stat(path);
  return info.ok() && info->kind == fs::Kind::kDirectory;
}

// The folder as the format takes it: a bare name has none.
std::string folder_of(const std::string& marker) {
  return marker.find('/') == std::string::npos ? std::string() : fs::parent_of(marker);
}

Status make_and_remove(fs::FileSystem& fs, const std::string& marker, long process_id) {
  CORTEX_TRY(fs::write_new(fs, marker,
                           cat("cortex restore active-store lock preflight\npid=", process_id,
                               "\nscope=temp-test-report-only\n"),
                           0600));
  return fs.remove_file(marker);
}

}  // namespace

Result<RestoreLock> RestoreLock::acquire(fs::FileSystem& fs, const std::string& data_dir) {
  const std::string path = fs::join(data_dir, cat(kLockMarkerName, ".flock"));
  auto file = fs.open(path, fs::Open::kAppendOrCreate, 0600);
  Status locked = file.ok() ? (*file)->lock(fs::Lock::kExclusive, 0) : Status(file.error());
  if (locked.ok()) return RestoreLock(std::move(file).value());
  Error error = with_code(std::move(locked).error(), Code::kPrecondition);
  if (error.system_errno == EWOULDBLOCK) {
    error.message = cat("another restore is at work on ", quoted(data_dir));
    error.next = "wait for it to end";
  }
  error.unchanged = "the active store was not changed";
  return error;
}

LockProbe probe_lock(fs::FileSystem& fs, const std::string& marker, bool may_write,
                     long process_id) {
  LockProbe probe{.marker = marker, .status = {}, .scope = {}, .reason = {}};
  const auto info = fs.lstat(marker);
  probe.marker_exists = info.ok() && info->kind != fs::Kind::kMissing;
  if (probe.marker_exists) {
    return ended(std::move(probe), "blocked_existing_lock_marker", "not_attempted_existing_marker",
                 "a restore is at work on this store, or one was interrupted");
  }
  if (!is_folder(fs, folder_of(marker))) {
    return ended(std::move(probe), "lock_marker_parent_missing", "not_attempted_missing_parent",
                 "the folder of the marker does not exist");
  }
  if (!may_write) {
    return ended(std::move(probe), "temp_lock_probe_not_executed", "not_attempted_non_temp_marker",
                 "a preflight writes only below the system temp directory");
  }
  probe.attempted = true;
  constexpr std::string_view kScope = "temp_test_report_only";
  const Status made = make_and_remove(fs, marker, process_id);
  if (made.ok()) {
    probe.verified = true;
    return ended(std::move(probe), "temp_lock_acquire_release_verified", kScope,
                 "the marker was made, synced and removed again");
  }
  if (made.error().system_errno == EEXIST) {
    return ended(std::move(probe), "blocked_existing_lock_marker", kScope,
                 "another process made the marker first");
  }
  return ended(std::move(probe), "lock_probe_failed", kScope, made.error().message);
}

json::Value to_json(const LockProbe& probe) {
  return json::Object{{"absence_required", true},
                      {"absence_satisfied", probe.absent()},
                      {"exclusive_lock_acquire_attempted", probe.attempted},
                      {"exclusive_lock_acquire_release_verified", probe.verified},
                      {"exclusive_lock_acquired", false},
                      {"exclusive_lock_acquired_during_probe", probe.verified},
                      {"exclusive_lock_released", probe.verified},
                      {"lock_marker", probe.marker},
                      {"marker_exists", probe.marker_exists},
                      {"probe_scope", probe.scope},
                      {"reason", probe.reason},
                      {"status", probe.status}};
}

}  // namespace cortex::bundle
