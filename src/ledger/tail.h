// What stands at the end of a ledger: the head that the next row follows, or the torn rest of a row
// that a crash left half written (docs/formats.md, 6.2). O(last row), whatever the size of the
// file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fs/fs.h"
#include "base/result.h"

namespace cortex::ledger {

struct TornTail {
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
  std::string evidence_path;  // where the bytes were moved to; empty when only looked at
};

// What stands at the end of a ledger.
struct Tail {
  // Up to the end of the last complete row, newline included where there is one.
  std::uint64_t size_bytes = 0;
  bool missing_newline = false;
  std::optional<std::string> head;
  std::optional<TornTail> torn;
};

// Reads the tail of an open ledger without changing it.
Result<Tail> read_tail(fs::File& file);
// The same for the first `size_bytes` of the file.
Result<Tail> read_tail(fs::File& file, std::uint64_t size_bytes);
// The size of a ledger at a moment when no writer is in the middle of a batch: taken under a shared
// lock, which is given back at once. A file system without locks counts as quiet.
Result<std::uint64_t> settled_size(fs::File& file);

}  // namespace cortex::ledger
