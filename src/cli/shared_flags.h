// Flags that several commands take, in the same words.
#pragma once

#include "cli/command_table.h"

namespace cortex::cli {

inline constexpr Flag kDbFlag = {.name = "db",
                                 .value_name = "PATH",
                                 .about = "Store file; default: cortex.db in the data folder"};
inline constexpr Flag kEventLogFlag = {
    .name = "event-log",
    .value_name = "PATH",
    .about = "Ledger file; default: events.jsonl beside the store"};
inline constexpr Flag kLayoutFlags[] = {kDbFlag, kEventLogFlag};

// The seed that signs, for signing_key_text().
inline constexpr Flag kSigningKeyTextFlag = {
    .name = "signing-key-b64",
    .value_name = "B64",
    .about = "Seed as padded base64, or - for standard input; other users can see the former",
    .form = Form::kMaybeEmpty,
    .excludes = "signing-key-file"};
inline constexpr Flag kSigningKeyFileFlag = {.name = "signing-key-file",
                                             .value_name = "PATH",
                                             .about = "File with the 32 raw bytes of the seed",
                                             .excludes = "signing-key-b64"};

}  // namespace cortex::cli
