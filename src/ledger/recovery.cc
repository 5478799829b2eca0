#include "ledger/recovery.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"
#include "base/ulid.h"
#include "ledger/chain.h"
#include "ledger/chunk_reader.h"
#include "ledger/own_row.h"
#include "ledger/signed_row.h"

namespace cortex::ledger {
namespace {

// A row without its newline counts as complete when its hash says that it is whole.
bool is_whole(const core::Event& event) {
  return event_hash(event.prev_event_hash, event.payload_hash) == event.event_hash;
}

// Lines before `end`, a line border. For messages only: the way of a ledger that is damaged.
Result<std::uint64_t> count_lines(fs::File& file, std::uint64_t end) {
  ChunkReader reader(file, 0, end);
  Chunk chunk;
  for (std::uint64_t lines = 0;;) {
    CORTEX_ASSIGN(const bool more, reader.next(chunk));
    if (!more) return lines;
    lines += static_cast<std::uint64_t>(std::ranges::count(chunk.bytes, '\n'));
  }
}

// The first of two rows that count together only: with this operation the key that signed the row
// retires itself, and the row behind it hands the ledger over to the next key. A ledger that ended
// between them could be signed by neither.
bool is_first_of_pair(const core::DecodedEvent& row) {
  if (!row.event.signature) return false;
  const auto args = operation_args(row, "authority.key.rotate");
  const json::Value* envelope = args ? args->find("rotation") : nullptr;
  if (envelope == nullptr) return false;
  const auto rotation = parse_rotation_envelope(*envelope);
  return rotation && crypto::key_id(rotation->old_key) == row.event.signature->key_id;
}

// The first row of a pair whose second one was not met.
struct HalfPair {
  LedgerHead before;
  std::uint64_t offset = 0;
};

// Takes in the rows of one chunk; false when they end in something that is no row.
bool take_rows(RowCursor& rows, const Chunk& chunk, SettledTail& tail,
               std::optional<HalfPair>& half) {
  while (const core::DecodedEvent* row = rows.next()) {
    const bool has_newline = chunk.bytes[rows.place().end - chunk.offset - 1] == '\n';
    if (!has_newline && !is_whole(row->event)) {
      tail.torn = TornTail{rows.place().offset, rows.place().end - rows.place().offset, ""};
      return false;
    }
    half.reset();
    if (is_first_of_pair(*row)) half = HalfPair{tail.head, rows.place().offset};
    tail.head.size_bytes = rows.place().end;
    ++tail.head.rows;
    tail.head.hash = row->event.event_hash;
    if (row->event.row_hash) tail.head.row_hash = row->event.row_hash;
    tail.missing_newline = !has_newline;
    tail.unacknowledged = true;
  }
  if (rows.fault()) return false;
  // Blank lines at the end belong to the ledger.
  tail.head.size_bytes = chunk.offset + chunk.bytes.size();
  tail.missing_newline = !chunk.bytes.ends_with('\n');
  return true;
}

// The rows end before the half, with blank lines that lie in between.
void leave_out(const HalfPair& half, std::uint64_t size_bytes, SettledTail& tail) {
  tail.torn = TornTail{half.offset, size_bytes - half.offset, ""};
  tail.head = half.before;
  tail.head.size_bytes = half.offset;
  tail.missing_newline = false;
}

}  // namespace

Result<SettledTail> settle_tail(fs::FileSystem& fs, fs::File& file) {
  SettledTail tail;
  CORTEX_ASSIGN(const fs::Info info, file.info());
  const std::optional<LedgerHead> acknowledged = read_head_file(fs, file);
  if (acknowledged) tail.head = *acknowledged;
  tail.acknowledged = acknowledged;
  // After a failed sync the kernel may hold rows in clean pages that the device never got: what is
  // not acknowledged is read from the device.
  if (info.size_bytes > tail.head.size_bytes) file.drop_cache();
  ChunkReader reader(file, tail.head.size_bytes, info.size_bytes);
  RowCursor rows({}, 0);
  Chunk chunk;
  std::optional<HalfPair> half;
  for (;;) {
    CORTEX_ASSIGN(const bool more, reader.next(chunk));
    if (!more) break;
    rows.restart(chunk.bytes, chunk.offset);
    if (!take_rows(rows, chunk, tail, half)) break;
  }
  const bool is_damaged = rows.fault() && rows.fault()->kind != RowFault::Kind::kTorn;
  if (is_damaged) {
    tail.fault = rows.fault();
    CORTEX_ASSIGN(const std::uint64_t lines,
                  count_lines(file, acknowledged ? acknowledged->size_bytes : 0));
    tail.fault->place.file_line += lines;
    tail.fault_is_acknowledged = !acknowledged;
  }
  if (half && !is_damaged) {
    leave_out(*half, info.size_bytes, tail);
  } else if (rows.fault()) {
    const std::uint64_t offset = rows.fault()->place.offset;
    tail.torn = TornTail{offset, info.size_bytes - offset, ""};
  }
  return tail;
}

namespace {

Status keep_evidence(fs::FileSystem& fs, fs::File& file, const TornTail& torn) {
  CORTEX_ASSIGN(auto evidence, fs.open(torn.evidence_path, fs::Open::kCreateExclusive, 0600));
  std::string block;
  for (std::uint64_t done = 0; done < torn.size_bytes; done += block.size()) {
    block.resize(std::min<std::uint64_t>(limits::kIoBlockBytes, torn.size_bytes - done));
    CORTEX_ASSIGN(const std::size_t got, file.read_at(torn.offset + done, block));
    if (got == 0) return make_error(Code::kInternal, "the ledger became shorter while it was read");
    block.resize(got);
    CORTEX_TRY(evidence->append(block));
  }
  CORTEX_TRY(evidence->sync_all());
  CORTEX_TRY(evidence->close());
  return fs.sync_directory(fs::parent_of(torn.evidence_path));
}

}  // namespace

Result<TornTail> move_aside(fs::FileSystem& fs, fs::File& file, TornTail torn, Clock& clock,
                            Random& random) {
  torn.evidence_path =
      cat(file.path(), ".torn-", torn.offset, "-", Ulid::make(clock, random).text());
  Status moved = keep_evidence(fs, file, torn);
  if (moved.ok()) moved = file.truncate(torn.offset);
  if (!moved.ok()) {
    // The tail is where it was: another copy of it, or a part of one, is of no use.
    static_cast<void>(fs.remove_file(torn.evidence_path));  // it may not be there
    Error error = std::move(moved).error();
    error.unchanged = "the ledger was not changed";
    return error;
  }
  CORTEX_TRY(file.sync_all());
  return torn;
}

}  // namespace cortex::ledger
