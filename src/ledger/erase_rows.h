// Takes a text out of the rows of a ledger file: the one way in which a ledger is ever rewritten.
#pragma once

#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "ledger/erasure.h"
#include "ledger/head_file.h"

namespace cortex::ledger {

// The rows that hold the text and are to be named by the operation. Reads the ledger once.
Result<std::vector<NamedRow>> rows_to_erase(fs::File& file, std::uint64_t size_bytes,
                                            const Eraser& eraser, const std::string& erasure);

// Rewrites those rows of the ledger at `path` that `named` names, and puts the new file in the
// place of the old one in one step: after a crash either is there, whole. Head file and tree
// follow. Waits for the append lock and holds it. Rows that are erased already are left alone.
// Returns where the ledger ends now. Errors: those of the file system; kPrecondition when a row
// that is named is not what it was when it was named.
Result<LedgerHead> erase_rows(fs::FileSystem& fs, const std::string& path, Clock& clock,
                              Random& random, const Eraser& eraser, const std::string& erasure,
                              const std::vector<NamedRow>& named);

}  // namespace cortex::ledger
