// A stage: the two files of a bundle, copied, synced and audited in a private folder, published
// under its name by one rename. What it holds is proven again against the manifest when it is
// applied.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/verify.h"
#include "ledger/chain_check.h"

namespace cortex::bundle {

struct LedgerAudit {
  std::string path;
  std::uint64_t rows = 0;
  std::string head{};  // event_hash of the last row, empty without rows
};

// The chain of a ledger file of a bundle, a stage or a restored store; its boundary rows must fit
// the bundle's kind. Errors: kIntegrity with one line a failure, kChain, kSchema, kInternal (I/O).
Result<LedgerAudit> audit_ledger(fs::FileSystem& fs, const std::string& path,
                                 const ManifestFacts& manifest);

// The same of a ledger whose chain was verified already, of bytes with the same digest: `path` is
// what is reported.
Result<LedgerAudit> judge_audit(const std::string& path, const ledger::ChainReport& chain,
                                const ManifestFacts& manifest);

// {failures, path, rows_scanned, status}
json::Object to_json(const LedgerAudit& audit);

class Stage {
 public:
  // `stage_dir` as given; its temporary sibling is `.<name>.tmp-<process_id>`. Those of dead
  // processes are removed. Errors: kPrecondition.
  static Result<std::unique_ptr<Stage>> begin(fs::FileSystem& fs, const std::string& stage_dir,
                                              long process_id);
  Stage(fs::FileSystem& fs, std::string stage_dir, std::string folder)
      : fs_(fs), stage_dir_(std::move(stage_dir)), folder_(std::move(folder)) {}
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  // Removes what was not published.
  ~Stage();

  // Copies what was verified; the copies must have the manifest's digests (kQuarantined).
  Status fill(const VerifyReport& bundle, Progress* progress);
  std::string store_path() const;
  std::string ledger_path() const;
  Status publish();

 private:
  fs::FileSystem& fs_;
  std::string stage_dir_, folder_;
  std::unique_ptr<fs::File> owner_lock_;
  bool published_ = false;
};

}  // namespace cortex::bundle
