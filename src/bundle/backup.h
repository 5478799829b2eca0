// A backup: one consistent cut of a live store and its ledger, published as a folder by one rename.
//
// The cut: under the ledger's append lock the SQLite read snapshot is opened and the ledger's last
// row border is noted; then the lock is released and both are copied at leisure. So the mirror in
// the bundle never leads its ledger, and writers wait for microseconds only. Ledger bytes are read
// once: copied, hashed and audited in the same pass. Memory is constant. Files 0600 in a folder
// 0700, everything synced before the rename, the parent after it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "bundle/manifest.h"
#include "bundle/verify.h"
#include "ledger/verify.h"

namespace cortex::bundle {

struct BackupRequest {
  std::string db_path;
  std::string event_log_path;
  std::string output;  // as given
  bool verify = true;
  // Bytes copied so far; called at least once a block.
  std::function<void(std::uint64_t)> progress{};
};

struct BackupReport {
  std::string bundle_dir;  // as given
  std::string manifest_path;
  Manifest manifest;
  std::optional<ContentReport> verification;  // absent with verify = false
  std::uint64_t torn_bytes_left_out = 0;
};

// On a broken chain the error is kIntegrity and `failures` (when given) receives the report.
Result<BackupReport> make_backup(fs::FileSystem& fs, const BackupRequest& request, Clock& clock,
                                 Random& random, ledger::ChainReport* failures = nullptr);

}  // namespace cortex::bundle
