#include "ledger/chunk_reader.h"

#include <algorithm>

namespace cortex::ledger {

// Appends the next block; false when there is none.
Result<bool> ChunkReader::read_block(std::string& bytes) {
  const auto wanted = std::min<std::uint64_t>(limits::kIoBlockBytes, end_ - next_offset_);
  if (wanted == 0) return false;
  const std::size_t old_size = bytes.size();
  bytes.resize(old_size + wanted);
  CORTEX_ASSIGN(const std::size_t got,
                file_.read_at(next_offset_, std::span<char>(bytes.data() + old_size, wanted)));
  bytes.resize(old_size + got);
  next_offset_ += got;
  if (got < wanted) end_ = next_offset_;  // the file is shorter than it was said to be
  if (on_block_ && got > 0) CORTEX_TRY(on_block_(std::string_view(bytes).substr(old_size)));
  return got > 0;
}

Result<bool> ChunkReader::next(Chunk& chunk) {
  chunk.offset = next_offset_ - carry_.size();
  chunk.bytes.assign(carry_);
  carry_.clear();
  for (std::size_t searched = chunk.bytes.size();;) {
    CORTEX_ASSIGN(const bool more, read_block(chunk.bytes));
    if (!more) return !chunk.bytes.empty();
    const std::size_t newline = std::string_view(chunk.bytes).substr(searched).rfind('\n');
    if (newline != std::string_view::npos) {
      const std::size_t size = searched + newline + 1;
      carry_.assign(chunk.bytes, size);
      chunk.bytes.resize(size);
      return true;
    }
    searched = chunk.bytes.size();
    if (searched > limits::kRowBytesMax) return true;
  }
}

}  // namespace cortex::ledger
