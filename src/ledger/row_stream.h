// The rows of a ledger file in order, in constant memory: a ChunkReader with a RowCursor on top.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/fs/fs.h"
#include "base/result.h"
#include "ledger/chunk_reader.h"
#include "ledger/row_cursor.h"

namespace cortex::ledger {

class RowStream {
 public:
  // Rows of [offset, end); `offset` must be a line border. Places count from `offset`.
  RowStream(fs::File& file, std::uint64_t offset, std::uint64_t end)
      : reader_(file, offset, end), rows_({}, offset) {}

  // The next row, valid until the next call; nullptr at the end. Errors: those of the file, and
  // row_error() for a line that is no row.
  Result<const core::DecodedEvent*> next();
  const RowPlace& place() const { return rows_.place(); }
  std::string_view line() const { return rows_.line(); }
  // The line with all its white space: what is hashed in the Merkle tree.
  std::string_view entry() const { return entry_of(chunk_.bytes, chunk_.offset, rows_.place()); }

 private:
  ChunkReader reader_;
  Chunk chunk_;
  RowCursor rows_;
};

}  // namespace cortex::ledger
