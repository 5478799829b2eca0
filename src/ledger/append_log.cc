#include "ledger/append_log.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/ulid.h"
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
  const std::string_view prev =
      event.prev_event_hash ? std::string_view(*event.prev_event_hash) : std::string_view();
  return event_hash(prev, event.payload_hash) == event.event_hash;
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

Result<TornTail> move_torn_tail(fs::FileSystem& fs, fs::File& file, const Tail& tail, Clock& clock,
                                Random& random) {
  CORTEX_CHECK(tail.torn.has_value());
  TornTail torn = *tail.torn;
  torn.evidence_path =
      cat(file.path(), ".torn-", torn.offset, "-", Ulid::make(clock, random).text());
  CORTEX_ASSIGN(auto evidence, fs.open(torn.evidence_path, fs::Open::kCreateExclusive, 0600));
  std::string block;
  for (std::uint64_t done = 0; done < torn.size_bytes; done += block.size()) {
    block.resize(static_cast<std::size_t>(
        std::min<std::uint64_t>(limits::kIoBlockBytes, torn.size_bytes - done)));
    CORTEX_ASSIGN(const std::size_t got, file.read_at(torn.offset + done, block));
    if (got == 0) return make_error(Code::kInternal, "the ledger became shorter while it was read");
    block.resize(got);
    CORTEX_TRY(evidence->append(block));
  }
  CORTEX_TRY(evidence->sync_all());
  CORTEX_TRY(evidence->close());
  CORTEX_TRY(fs.sync_directory(fs::parent_of(torn.evidence_path)));
  CORTEX_TRY(file.truncate(torn.offset));
  CORTEX_TRY(file.sync_all());
  return torn;
}

AppendLog::AppendLog(Key, std::unique_ptr<fs::File> file, Tail tail)
    : file_(std::move(file)),
      head_(tail.head),
      committed_head_(tail.head),
      committed_size_(tail.size_bytes),
      written_size_(tail.size_bytes),
      missing_newline_(tail.missing_newline) {}

AppendLog::~AppendLog() {
  // Nothing unacknowledged stays behind. A failure here leaves complete rows that nobody was
  // promised.
  if (written_size_ != committed_size_) static_cast<void>(roll_back().ok());
}

Result<std::unique_ptr<AppendLog>> AppendLog::open(fs::FileSystem& fs, const std::string& path,
                                                   Clock& clock, Random& random) {
  CORTEX_ASSIGN(auto file, fs.open(path, fs::Open::kAppendOrCreate, 0600));
  CORTEX_TRY(file->lock(fs::Lock::kExclusive, limits::kLockWaitMillisMax));
  CORTEX_ASSIGN(Tail tail, read_tail(*file));
  std::optional<TornTail> moved;
  if (tail.torn) {
    CORTEX_ASSIGN(moved, move_torn_tail(fs, *file, tail, clock, random));
  }
  auto log = std::make_unique<AppendLog>(Key{}, std::move(file), std::move(tail));
  log->moved_tail_ = std::move(moved);
  return log;
}

Status AppendLog::append(core::Event& event) {
  seal(event, head_);
  if (missing_newline_) {
    buffer_.push_back('\n');
    missing_newline_ = false;
  }
  core::append_row(buffer_, event);
  buffer_.push_back('\n');
  head_ = event.event_hash;
  return buffer_.size() >= limits::kIoBlockBytes ? flush() : Status{};
}

Status AppendLog::flush() {
  if (buffer_.empty()) return {};
  CORTEX_TRY(file_->append(buffer_));
  written_size_ += buffer_.size();
  buffer_.clear();
  return {};
}

Status AppendLog::commit() {
  CORTEX_TRY(flush());
  if (written_size_ == committed_size_) return {};
  CORTEX_TRY(file_->sync_data());
  committed_size_ = written_size_;
  committed_head_ = head_;
  return {};
}

Status AppendLog::roll_back() {
  buffer_.clear();
  head_ = committed_head_;
  if (written_size_ == committed_size_) return {};
  CORTEX_TRY(file_->truncate(committed_size_));
  written_size_ = committed_size_;
  return file_->sync_data();
}

}  // namespace cortex::ledger
