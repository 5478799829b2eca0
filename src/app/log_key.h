// Public keys of logs as `audit verify --since` and `audit check-proof` take them: a file of 32 raw
// bytes, or one line of text `<name>+<id>+<base64>` as `audit checkpoint` prints it, in a file or
// itself in the place of a path: such a key is no secret.
#pragma once

#include <string>

#include "base/fs/fs.h"
#include "base/result.h"
#include "ledger/tlog/note.h"

namespace cortex::app {

// The name is empty for a raw key: any origin that the key signed for is accepted then. Error
// kPrecondition: no such file, or no key.
Result<ledger::VerifierKey> read_log_key(fs::FileSystem& fs, const std::string& path);

}  // namespace cortex::app
