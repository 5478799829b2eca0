// `backup` (makes a bundle, full, encrypted or incremental, and remembers it for `status`), `backup
// compact`, and `restore verify-backup`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/backup.h"
#include "bundle/increment_make.h"
#include "bundle/sealed.h"
#include "bundle/verify.h"
#include "ledger/chain_check.h"

namespace cortex::app {

struct BackupRequest {
  Layout layout;
  std::string output;  // as given
  bool verify = true;
  Progress* progress = nullptr;
};

// See bundle/backup.h. `failures` receives the report of a broken chain.
Result<bundle::BackupReport> backup(Services& services, const BackupRequest& request,
                                    ledger::ChainReport& failures);

// Full, then encrypted for the recipients, each an age public key ("age1...") or a file of such.
// The plain bundle lies in a private folder of the data folder meanwhile and never reaches the
// target. With `verify` the plain bundle is checked in full and the ciphertext is read back.
struct SealedBackupReport {
  bundle::BackupReport plain;
  std::string output;  // as given
  std::vector<bundle::SealedMember> members;
  std::size_t recipients = 0;
};
Result<SealedBackupReport> sealed_backup(Services& services, const BackupRequest& request,
                                         const std::vector<std::string>& recipients,
                                         ledger::ChainReport& failures);
json::Value to_json(const SealedBackupReport& report);

// Only what changed since the bundle `parent`; see bundle/increment_make.h.
Result<bundle::IncrementReport> incremental_backup(Services& services, const BackupRequest& request,
                                                   const std::string& parent);

// A full, plain bundle of an encrypted or incremental one, checked in full before it appears.
struct CompactRequest {
  std::string bundle_dir, output;
  std::optional<std::string> identity_file;
  Progress* progress = nullptr;
};
struct CompactReport {
  std::string bundle_dir, output;
  std::string source;  // "encrypted", "incremental"
  bundle::VerifyReport bundle;
};
Result<CompactReport> compact_backup(Services& services, const CompactRequest& request);
json::Value to_json(const CompactReport& report);

// `<folder>/cortex-20260131T031500Z`: a name that sorts by time. What backups that died have left
// there under such names goes.
std::string timestamped_bundle(Services& services, const std::string& folder);

// `restore verify-backup`, see bundle/verify.h.
Result<bundle::VerifyReport> verify_backup(Services& services, const std::string& manifest_path,
                                           bool deep, Progress* progress);

}  // namespace cortex::app
