#include "ledger/restore_guard.h"

#include "base/limits.h"
#include "base/text.h"

namespace cortex::ledger {

std::string restore_state_path(const std::string& ledger_path) {
  return fs::join(fs::parent_of(ledger_path), "cortex_restore_state.json");
}

Status check_no_restore(fs::FileSystem& fs, const std::string& ledger_path) {
  CORTEX_ASSIGN(const fs::Info info, fs.lstat(restore_state_path(ledger_path)));
  if (info.kind == fs::Kind::kMissing) return {};
  Error error = make_error(
      Code::kPrecondition,
      cat("a restore of ", quoted(fs::parent_of(ledger_path)), " is at work or was interrupted"));
  error.token = kRestoreUnfinishedToken;
  error.unchanged = "nothing was written";
  error.next =
      "finish it with `cortex restore resume`, or go back with `cortex restore resume --undo`";
  return error;
}

Result<bool> is_in_place(fs::FileSystem& fs, fs::File& ledger) {
  CORTEX_ASSIGN(const fs::Info held, ledger.info());
  CORTEX_ASSIGN(const fs::Info named, fs.stat(ledger.path()));
  return held.inode == named.inode && held.device == named.device;
}

Status lock_in_place(fs::FileSystem& fs, fs::File& ledger, fs::Lock kind) {
  CORTEX_TRY(ledger.lock(kind, limits::kLockWaitMillisMax));
  CORTEX_ASSIGN(const bool in_place, is_in_place(fs, ledger));
  if (in_place) return {};
  return make_error(Code::kPrecondition,
                    cat("the ledger ", quoted(ledger.path()), " was replaced meanwhile"),
                    "nothing was written", "run the command again");
}

}  // namespace cortex::ledger
