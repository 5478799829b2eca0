// Reads a prefix of a ledger file in chunks of whole lines: every byte once, in order, in constant
// memory (one I/O block plus the longest line).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/fs/fs.h"
#include "base/limits.h"
#include "base/result.h"

namespace cortex::ledger {

// Sees every block of bytes once, in order, before anything else looks at it: copy and digest
// without a second read.
using BlockFunction = std::function<Status(std::string_view)>;

struct Chunk {
  std::string bytes;         // ends with '\n', except at the end of the prefix
  std::uint64_t offset = 0;  // of its first byte
};

class ChunkReader {
 public:
  // Reads [offset, end). `end` is fixed by the caller, so that a growing file gives one consistent
  // prefix; a file that is shorter ends earlier.
  ChunkReader(fs::File& file, std::uint64_t offset, std::uint64_t end, BlockFunction on_block = {})
      : file_(file), next_offset_(offset), end_(end), on_block_(std::move(on_block)) {}

  // Fills `chunk` (its capacity is reused); false at the end. A line longer than
  // limits::kRowBytesMax is cut there: it cannot decode.
  Result<bool> next(Chunk& chunk);

 private:
  Result<bool> read_block(std::string& bytes);

  fs::File& file_;
  std::uint64_t next_offset_;  // of the next byte to read from the file
  std::uint64_t end_;
  BlockFunction on_block_;
  std::string carry_;  // the line that the last chunk ended in
};

}  // namespace cortex::ledger
