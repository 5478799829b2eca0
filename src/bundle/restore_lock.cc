#include "bundle/restore_lock.h"

#include <cerrno>
#include <charconv>
#include <optional>
#include <system_error>
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
  } else if (error.system_errno == ENOENT) {
    error.message = cat("there is no data folder ", quoted(data_dir));
    error.next = "name another one with CORTEX_DATA_DIR, or make it with `cortex init`";
  } else {
    error.next = cat("see that you may write to ", quoted(data_dir));
  }
  error.unchanged = "the active store was not changed";
  return error;
}

std::string lock_marker_path(const std::string& data_dir) {
  return fs::join(data_dir, kLockMarkerName);
}

namespace {

Error marker_error(std::string message, std::string next) {
  return make_error(Code::kPrecondition, std::move(message), "the active store was not changed",
                    std::move(next));
}

Error marker_exists(const std::string& path) {
  Error error = marker_error(
      cat("the lock marker ", quoted(path), " already exists: a restore was interrupted"),
      "finish it with `cortex restore resume`, or take the marker over with a signed attestation"
      " and `cortex restore apply --force-lock-takeover`");
  error.system_errno = EEXIST;
  return error;
}

}  // namespace

std::string format_compact(Timestamp t) {
  std::string out;
  for (const char c : format_rfc3339_seconds(t)) {
    if (c != '-' && c != ':') out.push_back(c);
  }
  return out;
}

Result<MarkerFacts> read_marker(fs::FileSystem& fs, const std::string& path) {
  constexpr std::uint64_t kMarkerBytesMax = 1U << 16U;
  auto text = fs::read_all(fs, path, kMarkerBytesMax);
  if (!text.ok()) {
    return marker_error(
        cat("the lock marker ", quoted(path), " cannot be read: ", fs::describe(text.error())),
        "run the command again without --force-lock-takeover");
  }
  bool has_pid = false;
  std::uint64_t pid = 0;
  std::optional<Timestamp> acquired_at;
  for (const std::string_view line : split(*text, '\n')) {
    constexpr std::string_view kPid = "pid=", kAcquired = "acquired_at=";
    if (line.starts_with(kPid)) {
      std::uint32_t number = 0;
      const char* end = line.data() + line.size();
      const auto [stop, failure] = std::from_chars(line.data() + kPid.size(), end, number);
      has_pid = failure == std::errc() && stop == end;
      pid = number;
    } else if (line.starts_with(kAcquired)) {
      acquired_at = parse_strict_rfc3339(line.substr(kAcquired.size()));
    }
  }
  if (has_pid && acquired_at) return MarkerFacts{pid, *acquired_at};
  return marker_error(cat("the lock marker ", quoted(path),
                          " is malformed: it lacks a pid or"
                          " acquired_at"),
                      "look at the file; when no restore is at work, move it away by hand");
}

Result<LockMarker> LockMarker::create(fs::FileSystem& fs, const std::string& data_dir,
                                      const MarkerBody& body) {
  const std::string path = lock_marker_path(data_dir);
  Status made =
      fs::write_new(fs, path,
                    cat("cortex-restore-active-store-lock-v1\npid=", body.process_id,
                        "\nhost=", body.host, "\ndeployment_id=", body.deployment_id,
                        "\noperator_principal_id=", body.operator_principal_id,
                        "\nacquired_at=", format_rfc3339(body.acquired_at, Offset::kPlus00),
                        "\nscope=production", "\nrestore_intent_blake3=", body.intent_blake3, "\n"),
                    0600);
  if (made.ok()) made = fs.sync_directory(data_dir);
  if (made.ok()) return LockMarker(fs, path);
  if (made.error().system_errno == EEXIST) return marker_exists(path);
  Error error = with_code(std::move(made).error(), Code::kInternal);
  error.unchanged = "the active store was not changed";
  return error;
}

LockMarker::~LockMarker() {
  if (path_.empty()) return;
  // Best effort: what stays is a stale marker, which the next restore names.
  static_cast<void>(fs_->remove_file(path_).ok());
  static_cast<void>(fs_->sync_directory(fs::parent_of(path_)).ok());
}

Status check_no_marker(fs::FileSystem& fs, const std::string& data_dir) {
  const std::string path = lock_marker_path(data_dir);
  CORTEX_ASSIGN(const fs::Info info, fs.lstat(path));
  return info.kind == fs::Kind::kMissing ? Status{} : Status(marker_exists(path));
}

Result<std::string> set_marker_aside(fs::FileSystem& fs, const std::string& data_dir,
                                     Timestamp now) {
  const std::string path = lock_marker_path(data_dir);
  const std::string aside = cat(path, ".stale-", format_compact(now));
  Status moved = fs.replace(path, aside);
  if (moved.ok()) moved = fs.sync_directory(data_dir);
  if (moved.ok()) return aside;
  Error error = with_code(std::move(moved).error(), Code::kInternal);
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
