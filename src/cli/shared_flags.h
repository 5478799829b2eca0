// Flags that several commands take, in the same words.
#pragma once

#include "cli/command_table.h"

namespace cortex::cli {

inline constexpr Flag kDbFlag = {.name = "db",
                                 .value_name = "PATH",
                                 .about = "Store file; default: cortex.db in the data folder"};
inline constexpr Flag kEventLogFlag = {.name = "event-log",
                                       .value_name = "PATH",
                                       .about = "Ledger file; default: events.jsonl beside it"};
inline constexpr Flag kLayoutFlags[] = {kDbFlag, kEventLogFlag};

}  // namespace cortex::cli
