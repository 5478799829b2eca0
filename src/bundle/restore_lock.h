// The marker that says "a restore is at work on this store", and the probe for it
// (docs/formats.md, "Restore").
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "json/value.h"

namespace cortex::bundle {

inline constexpr std::string_view kLockMarkerName = ".cortex-restore-active-store.lock";

// One restore at a time: an exclusive lock on `<marker>.flock`, a file that is made once and never
// removed, because a lock on a file that can be unlinked protects nobody. Released with the object
// and with the process.
class RestoreLock {
 public:
  // kPrecondition when another restore holds it.
  static Result<RestoreLock> acquire(fs::FileSystem& fs, const std::string& data_dir);

 private:
  explicit RestoreLock(std::unique_ptr<fs::File> file) : file_(std::move(file)) {}
  std::unique_ptr<fs::File> file_;
};

// The marker of a restore in production: lines `name=value` under a header.
struct MarkerBody {
  long process_id = 0;
  std::string host, deployment_id, operator_principal_id, intent_blake3;
  Timestamp acquired_at;
};

// What decides about a marker that somebody else left: who and when.
struct MarkerFacts {
  std::uint64_t pid = 0;
  Timestamp acquired_at;
};
// kPrecondition when it is missing or malformed. Of a repeated line the last one counts.
Result<MarkerFacts> read_marker(fs::FileSystem& fs, const std::string& path);

// The marker itself, made by whoever holds the RestoreLock. Removed with the object unless kept.
class LockMarker {
 public:
  // kPrecondition with EEXIST when a marker is there in any form; kInternal.
  static Result<LockMarker> create(fs::FileSystem& fs, const std::string& data_dir,
                                   const MarkerBody& body);
  LockMarker(LockMarker&& other) noexcept
      : fs_(other.fs_), path_(std::exchange(other.path_, std::string())) {}
  LockMarker& operator=(LockMarker&&) = delete;
  ~LockMarker();
  // The restore is unfinished: the marker stays.
  void keep() { path_.clear(); }

 private:
  LockMarker(fs::FileSystem& fs, std::string path) : fs_(&fs), path_(std::move(path)) {}
  fs::FileSystem* fs_;
  std::string path_;
};

// "20260301T100000Z", for names.
std::string format_compact(Timestamp t);

std::string lock_marker_path(const std::string& data_dir);
// kPrecondition while a marker is there.
Status check_no_marker(fs::FileSystem& fs, const std::string& data_dir);
// Renames the marker to `<marker>.stale-<YYYYMMDDTHHMMSSZ>`; returns the new name. Only while the
// RestoreLock is held: then nobody alive on this machine owns it.
Result<std::string> set_marker_aside(fs::FileSystem& fs, const std::string& data_dir,
                                     Timestamp now);

struct LockProbe {
  std::string marker;  // as it was looked for
  std::string_view status;
  std::string_view scope;
  std::string reason;
  bool marker_exists = false;
  bool attempted = false;
  bool verified = false;  // acquired, written, synced and released

  bool absent() const { return !marker_exists; }
};

// Looks for the marker; where `may_write` (its folder is a temporary one) it also makes and removes
// one. Never fails: what went wrong is in the report.
LockProbe probe_lock(fs::FileSystem& fs, const std::string& marker, bool may_write,
                     long process_id);

json::Value to_json(const LockProbe& probe);

}  // namespace cortex::bundle
