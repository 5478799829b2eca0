// A backup: one consistent cut of a live store and its ledger, published as a folder by one rename.
//
// Ledger and store (of a pinned snapshot) are copied and digested at once on two threads, each live
// byte read once, and synced. With `verify` the copies are then read back from the device: the
// digests must be those of the copying, and the content is looked at in full (content.h). Only what
// holds is published, by one rename, which changes no byte: there is never a bundle by that name
// that has not passed. Without it the chain is audited while it is copied, and nothing is read
// back. Memory is constant. Files 0600 in a folder 0700, everything synced before the rename, the
// parent after it.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "base/time.h"
#include "bundle/content.h"
#include "bundle/manifest.h"
#include "json/value.h"
#include "ledger/chain_check.h"

namespace cortex::bundle {

struct BackupRequest {
  std::string db_path;
  std::string event_log_path;
  std::string output;  // as given
  bool verify = true;
  Progress* progress = nullptr;
  // Called off, it leaves neither a bundle nor a staging folder. Reading files is stopped by the
  // file system (base/fs/stoppable_fs.h); this is for SQLite and for the publication.
  std::stop_token stop{};
};

struct BackupReport {
  std::string bundle_dir;  // as given
  std::string manifest_path;
  Manifest manifest;
  std::optional<ContentReport> verification;  // absent with verify = false
  std::uint64_t torn_bytes_left_out = 0;
  std::optional<std::string> ledger_head;  // hash of the last row; nothing for an empty ledger
};

// On a broken chain the error is kIntegrity and `failures` (when given) receives the report.
Result<BackupReport> make_backup(fs::FileSystem& fs, const BackupRequest& request, Clock& clock,
                                 Random& random, ledger::ChainReport* failures = nullptr);

json::Value to_json(const BackupReport& report);

}  // namespace cortex::bundle
