// While a restore replaces store and ledger, a journal lies beside them (bundle/swap_state.h), and
// nothing else may write: what was written would be lost or mixed into something else.
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

}  // namespace cortex::ledger
