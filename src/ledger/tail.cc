#include "ledger/tail.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "core/event_codec.h"
#include "ledger/chain.h"

namespace cortex::ledger {
namespace {

// The last bytes of the file, enough to hold the last non-blank line: doubled until a line border
// is inside.
struct LastBytes {
  std::string bytes;
  std::uint64_t offset = 0;
};

Result<LastBytes> read_last(fs::File& file, std::uint64_t size, std::uint64_t wanted) {
  LastBytes last;
  last.offset = size - std::min(size, wanted);
  last.bytes.resize(static_cast<std::size_t>(size - last.offset));
  CORTEX_ASSIGN(const std::size_t got, file.read_at(last.offset, last.bytes));
  last.bytes.resize(got);
  return last;
}

// Start of the line that ends (exclusively) at `end`, or npos when it begins before the text.
std::size_t line_start(std::string_view text, std::size_t end) {
  const std::size_t newline = end == 0 ? std::string_view::npos : text.rfind('\n', end - 1);
  return newline == std::string_view::npos ? std::string_view::npos : newline + 1;
}

bool decode_row(std::string_view line, core::DecodedEvent& out) {
  json::Cursor cursor(line);
  return core::decode_event(cursor, core::Dialect::kLedgerRow, out) && cursor.at_end();
}

bool hash_recomputes(const core::Event& event) {
  return event_hash(event.prev_event_hash, event.payload_hash) == event.event_hash;
}

// Looks at the last complete line of `last`; false when more bytes are needed.
Result<bool> examine(const LastBytes& last, std::uint64_t size, Tail& tail) {
  const std::string_view text = last.bytes;
  tail = Tail{};
  tail.size_bytes = size;
  std::size_t end = text.size();
  if (!text.empty() && text.back() != '\n') {
    std::size_t start = line_start(text, end);
    if (start == std::string_view::npos) {
      if (last.offset > 0) return false;
      start = 0;
    }
    core::DecodedEvent row;
    const std::string_view line = trim(text.substr(start));
    if (line.empty()) {
      tail.missing_newline = true;
    } else if (decode_row(line, row) && hash_recomputes(row.event)) {
      tail.missing_newline = true;
      tail.head = row.event.event_hash;
      return true;
    } else {
      tail.torn = TornTail{last.offset + start, text.size() - start, ""};
      tail.size_bytes = last.offset + start;
    }
    end = start;
  }
  for (;;) {  // the last complete non-blank line
    const std::size_t stop = end > 0 && text[end - 1] == '\n' ? end - 1 : end;
    std::size_t start = line_start(text, stop);
    if (start == std::string_view::npos) {
      if (last.offset > 0) return false;
      start = 0;
    }
    const std::string_view line = trim(text.substr(start, stop - start));
    if (!line.empty()) {
      core::DecodedEvent row;
      if (!decode_row(line, row)) {
        return make_error(Code::kChain, cat("the last ledger line (byte ", last.offset + start,
                                            ") is no event row"));
      }
      tail.head = row.event.event_hash;
      return true;
    }
    if (start == 0) {
      if (last.offset > 0) return false;
      return true;  // no rows at all
    }
    end = start;
  }
}

}  // namespace

Result<Tail> read_tail(fs::File& file) {
  CORTEX_ASSIGN(const fs::Info info, file.info());
  return read_tail(file, info.size_bytes);
}

Result<Tail> read_tail(fs::File& file, std::uint64_t size_bytes) {
  Tail tail;
  for (std::uint64_t wanted = 64U << 10;; wanted *= 4) {
    CORTEX_ASSIGN(const LastBytes last, read_last(file, size_bytes, wanted));
    CORTEX_ASSIGN(const bool enough, examine(last, size_bytes, tail));
    if (enough) return tail;
  }
}

Result<std::uint64_t> settled_size(fs::File& file) {
  const Status locked = file.lock(fs::Lock::kShared, limits::kLockWaitMillisMax);
  CORTEX_ASSIGN(const fs::Info info, file.info());
  if (locked.ok()) CORTEX_TRY(file.unlock());
  return info.size_bytes;
}

}  // namespace cortex::ledger
