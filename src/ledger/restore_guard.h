// While a restore replaces store and ledger, a journal lies beside them (bundle/swap_state.h), and
// nothing else may write: what was written would be lost or mixed into something else. An erasure
// (erase_rows.h) replaces the ledger, too.
#pragma once

#include <string>

#include "base/fs/fs.h"
#include "base/result.h"

namespace cortex::ledger {

inline constexpr std::string_view kRestoreUnfinishedToken = "restore.apply.unfinished";

// `cortex_restore_state.json` in the ledger's folder.
std::string restore_state_path(const std::string& ledger_path);

// kPrecondition with the token while the journal is there. One stat.
Status check_no_restore(fs::FileSystem& fs, const std::string& ledger_path);

// Whether the path of an open ledger still names it. Ask when its lock is held: another file may
// have been put in its place while it was waited for. One stat.
Result<bool> is_in_place(fs::FileSystem& fs, fs::File& ledger);
// Waits for the lock of an open ledger. kPrecondition when its path does not name it any more.
Status lock_in_place(fs::FileSystem& fs, fs::File& ledger, fs::Lock kind);

}  // namespace cortex::ledger
