// The journal of a restore that is replacing store and ledger (docs/formats.md, "Restore").
//
// `cortex_restore_state.json` lies beside the store from before the first replacement until the
// result is verified. While it is there nothing else writes (ledger/restore_guard.h). Everything
// that it names is synced before it is written, so that a restore can be finished or undone from
// any moment, by anybody, any number of times.
#pragma once

#include <optional>
#include <string>

#include "base/fs/fs.h"
#include "base/result.h"
#include "bundle/digest.h"

namespace cortex::bundle {

struct SwapFile {
  std::string active;     // what is replaced
  std::string temporary;  // the complete new content, beside it
  FileDigest fresh;       // of the new content
  std::string backup;     // the old content, or empty
  FileDigest old;
};

// The write-ahead log of a replaced store that was too damaged to take it in.
struct SwapLog {
  std::string backup;
  FileDigest old;
};

struct SwapState {
  std::string operation;  // "apply_stage", "recover_apply", "apply", "run"
  std::string scope;      // "temp-test" or "production"
  SwapFile db, log;
  std::optional<SwapLog> wal;  // goes back with the store
  std::string started_at;

  bool has_backups() const { return !db.backup.empty() && !log.backup.empty(); }
};

std::string swap_state_path(const std::string& active_log);

// Nullopt: no restore is unfinished. Errors: kPrecondition for a journal that cannot be read.
Result<std::optional<SwapState>> read_swap_state(fs::FileSystem& fs, const std::string& active_log);
// Complete or not at all; the journal of an earlier restore that this one overrules is replaced.
Status write_swap_state(fs::FileSystem& fs, const SwapState& state);
Status remove_swap_state(fs::FileSystem& fs, const SwapState& state);

}  // namespace cortex::bundle
