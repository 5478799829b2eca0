// Replacing the active store and ledger as a pair (docs/formats.md, "Restore").
//
//   copy      the new content beside the old, synced, looked at in full; or moved there
//   evidence  the old content into the evidence folder, synced, with RECOVERY_MANIFEST.json
//   journal   swap_state.h: from here on nothing else writes
//   replace   -wal and -shm away, rename the store, rename the ledger, sync the folder
//   verify    by the caller: the files in place have the digests of those that were looked at
//   end       the journal away; or roll_back(): the old content back, the same way
//
// Writers are locked out by the ledger's append lock until the journal stands, then by the journal.
// Nothing is ever copied over a live file. Constant memory. A store that is being written to is not
// replaced, nor a damaged one that a living process has open; a write-ahead log that a damaged one
// cannot take in is kept beside it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "base/time.h"
#include "bundle/new_content.h"
#include "bundle/swap_state.h"
#include "bundle/verify.h"

namespace cortex::bundle {

inline constexpr std::string_view kEvidenceFolder = ".restore-apply-recovery";
inline constexpr std::string_view kRecoveryManifest = "RECOVERY_MANIFEST.json";
inline constexpr std::string_view kRecoveryKind = "cortex_restore_apply_stage_recovery_manifest";
inline constexpr std::string_view kRecoveryStatus = "prepared_before_active_replacement";

// Looks at the new pair in full; says what it has read. An error stops the restore.
using LookFunction =
    std::function<Result<FilesReport>(const std::string& store, const std::string& ledger)>;

// The new content, complete and looked at, in files that are the caller's alone.
struct ReadyPair {
  std::string db, log;
  FileDigest db_digest, log_digest;
};

struct SwapPlan {
  std::string operation, scope;
  std::string active_db, active_log;
  std::string source_db, source_log;               // the new content
  std::string word;                                // "apply-stage": part of the temporary names
  FileDigest source_db_digest, source_log_digest;  // what the sources must have
  bool keep_evidence = true;
  long process_id = 0;
  // Changes the copy of the store before it goes live: the audit row.
  EditFunction edit;
  // Looks at the copies, changed as they are, before anything of the old pair is touched.
  LookFunction look;
  // Moved into place, instead of all that; the sources are only named.
  std::optional<ReadyPair> ready{};
  Progress* progress = nullptr;
};

class Swap {
 public:
  // Up to and with the journal. On an error nothing is left behind and the active files are as they
  // were; the error's code is the specified one (kPrecondition, kQuarantined, kInternal).
  static Result<std::unique_ptr<Swap>> prepare(fs::FileSystem& fs, const SwapPlan& plan,
                                               Clock& clock);
  // The two renames. Idempotent.
  Status replace();
  // The journal away: the restore is done.
  Status finish();
  // The old content back, from the evidence. Idempotent. kIntegrity, kBackupDigestToken when the
  // evidence is not what was kept.
  Status roll_back();

  const SwapState& state() const { return state_; }
  std::string evidence_folder() const;

  // A restore that was interrupted.
  Swap(fs::FileSystem& fs, SwapState state) : fs_(fs), state_(std::move(state)) {}

 private:
  Status copy_new(const SwapPlan& plan);
  Status look_at_new(const LookFunction& look, bool is_edited);
  Status take_ready(const ReadyPair& ready);
  Status keep_old(const SwapPlan& plan);
  Status keep_wal();
  Status write_recovery_manifest(const SwapPlan& plan);
  Status place(const SwapFile& file, bool is_store);
  bool withdraw_journal(bool overrules);
  void discard();

  fs::FileSystem& fs_;
  SwapState state_;
  std::unique_ptr<fs::File> writers_;  // the old ledger, locked
  bool made_evidence_ = false;
};

// Removes what an interrupted preparation left behind: temporary copies, an evidence folder without
// a readable manifest. Only while no journal is there and the restore lock is held.
Status remove_leftovers(fs::FileSystem& fs, const std::string& active_db,
                        const std::string& active_log);

// Whether the folder holds the evidence of a restore, complete with its manifest.
bool is_evidence(fs::FileSystem& fs, const std::string& folder);
// The evidence of an earlier restore makes room under a number: `.restore-apply-recovery.1`.
Status move_old_evidence(fs::FileSystem& fs, const std::string& data_dir);

// Copies `from` beside `target`, checks its digest (kIntegrity with kBackupDigestToken), and
// renames it into place. Synced.
Status put_back(fs::FileSystem& fs, const std::string& from, const FileDigest& digest,
                const std::string& target, bool is_store);

}  // namespace cortex::bundle
