// The marker that says "a restore is at work on this store", and the probe for it
// (docs/formats.md, "Restore").
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/fs/fs.h"
#include "base/result.h"
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
