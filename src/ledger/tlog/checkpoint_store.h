// The signed checkpoints of a ledger, kept in its sidecar: `checkpoints/<size>` for each size that
// was signed, never replaced, synced; `checkpoint` is the last one, for tlog-tiles clients.
#pragma once

#include <optional>
#include <string>

#include "base/fs/fs.h"
#include "base/result.h"
#include "ledger/tlog/checkpoint.h"

namespace cortex::ledger {

// The one over the largest tree; nothing when none was signed. Files that are no checkpoints are
// passed over.
std::optional<std::string> latest_checkpoint(fs::FileSystem& fs, const std::string& ledger_path);

// Needs the ledger's exclusive lock and an existing sidecar.
Status keep_checkpoint(fs::FileSystem& fs, const std::string& ledger_path,
                       const SignedCheckpoint& checkpoint, const std::string& note);

}  // namespace cortex::ledger
