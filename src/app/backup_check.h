// `backup verify`: is this bundle what was backed up, and would it come back? Every byte, or a part
// of them, or a drill: the bundle is restored into a private place, opened and used.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/verify.h"
#include "json/value.h"

namespace cortex::app {

struct BackupPart {
  std::uint64_t number = 1, of = 1;
};

struct BackupCheckRequest {
  std::string bundle_dir;
  std::optional<std::string> identity_file{};  // age identities, for an encrypted bundle
  bool drill = false;
  // Only a part of the bytes: some percent of the blocks, chosen anew each time, or the n-th of t
  // equal shares, so that t runs cover everything. At most one of them, and not with a drill.
  std::optional<double> sample_percent;
  std::optional<BackupPart> part;
};

struct DrillStep {
  std::string name;
  std::string status;  // "ok", "failed", "skipped"
  std::uint64_t millis = 0;
  std::string detail;
};

struct BackupCheckReport {
  std::string bundle_dir;
  bundle::VerifyReport bundle;
  std::string source;    // "full", "encrypted", "incremental"
  std::string coverage;  // "full", "sample", "part"; "ciphertext": nobody could look inside
  std::uint64_t bytes_checked = 0, bytes_total = 0;
  std::vector<DrillStep> drill;  // empty without a drill
  std::string drill_record;      // file that it was recorded in
  std::string note;              // what did not go as meant and is no finding, or empty

  bool drill_passed() const;
};

// Errors: kQuarantined for a bundle that is not what was backed up, kIntegrity for content that is
// not sound, kChain, kSchema, kPrecondition. A drill that fails is a report. The bundle's folder is
// only read; beside it `<bundle>.blocks` and `<bundle>.drills.jsonl` are kept.
Result<BackupCheckReport> check_backup(Services& services, const Environment& environment,
                                       const BackupCheckRequest& request,
                                       Progress* progress = nullptr);

json::Value to_json(const BackupCheckReport& report);

// The drill by itself (backup_drill.cc). `bundle` is found, not verified yet: its files are read
// once, as they are copied, and what was restored is verified in full in their place, having the
// same digests. What cannot be restored is verified where it is. Errors: those of verify_bundle().
Result<std::vector<DrillStep>> drill_backup(Services& services, const Environment& environment,
                                            bundle::VerifyReport& bundle, Progress* progress);

}  // namespace cortex::app
