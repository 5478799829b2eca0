// The broken rows of a ledger as lines of text, for every command that meets them.
#pragma once

#include <string>

#include "app/audit.h"

namespace cortex::cli {

// "  line 2 event_id=evt_...[ invariant=...]: HashBreak { ... }", a line each; nothing in them
// steers a terminal. Callers match on these.
std::string failure_lines(const ledger::ChainReport& chain);

}  // namespace cortex::cli
