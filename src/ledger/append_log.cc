#include "ledger/append_log.h"

#include <utility>

#include "base/limits.h"
#include "core/event_codec.h"
#include "ledger/chain.h"

namespace cortex::ledger {
namespace {

// The rows are durable; without the hint the next open takes longer, that is all.
void remember(fs::FileSystem& fs, const std::string& path, const LedgerHead& head) {
  static_cast<void>(write_head_file(fs, path, head).ok());
}

}  // namespace

AppendLog::AppendLog(Key, fs::FileSystem& fs, std::unique_ptr<fs::File> file,
                     const SettledTail& tail)
    : fs_(fs),
      file_(std::move(file)),
      committed_(tail.head),
      next_(tail.head),
      written_size_(tail.head.size_bytes),
      committed_lacks_newline_(tail.missing_newline) {
  if (committed_lacks_newline_) {
    buffer_.push_back('\n');
    ++next_.size_bytes;
  }
}

AppendLog::~AppendLog() {
  // Nothing unacknowledged stays behind. A failure here leaves complete rows that nobody was
  // promised.
  if (written_size_ != committed_.size_bytes) static_cast<void>(roll_back().ok());
}

Result<std::unique_ptr<AppendLog>> AppendLog::open(fs::FileSystem& fs, const std::string& path,
                                                   Clock& clock, Random& random) {
  CORTEX_ASSIGN(auto file, fs.open(path, fs::Open::kAppendOrCreate, 0600));
  CORTEX_TRY(file->lock(fs::Lock::kExclusive, limits::kLockWaitMillisMax));
  CORTEX_ASSIGN(const SettledTail tail, settle_tail(fs, *file));
  // The process that created the file may have died before it synced the folder.
  if (tail.head.size_bytes == 0) CORTEX_TRY(fs.sync_directory(fs::parent_of(path)));
  if (tail.fault) return row_error(*tail.fault);
  std::optional<TornTail> moved;
  if (tail.torn) {
    CORTEX_ASSIGN(moved, move_aside(fs, *file, *tail.torn, clock, random));
  }
  // Nothing may be built on rows that a power failure could still take away.
  if (tail.unacknowledged) {
    CORTEX_TRY(file->sync_data());
    if (!tail.missing_newline) remember(fs, path, tail.head);
  }
  auto log = std::make_unique<AppendLog>(Key{}, fs, std::move(file), tail);
  log->moved_tail_ = std::move(moved);
  return log;
}

Status AppendLog::append(core::Event& event) {
  seal(event, next_.hash);
  const std::size_t old_size = buffer_.size();
  core::append_row(buffer_, event);
  buffer_.push_back('\n');
  next_.size_bytes += buffer_.size() - old_size;
  next_.hash = event.event_hash;
  ++next_.rows;
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
  if (next_.rows == committed_.rows) return {};
  CORTEX_TRY(flush());
  if (auto synced = file_->sync_data(); !synced.ok()) {
    Error error = std::move(synced).error();
    error.token = kNotSyncedToken;
    error.unchanged =
        "rows of this batch may be in the ledger or not, none of them counts as recorded";
    error.next =
        "check the device, then run the command again: what is there is not appended twice";
    return error;
  }
  committed_ = next_;
  committed_lacks_newline_ = false;
  remember(fs_, file_->path(), committed_);
  return {};
}

Status AppendLog::roll_back() {
  next_ = committed_;
  buffer_.clear();
  if (committed_lacks_newline_) {
    buffer_.push_back('\n');
    ++next_.size_bytes;
  }
  if (written_size_ == committed_.size_bytes) return {};
  CORTEX_TRY(file_->truncate(committed_.size_bytes));
  written_size_ = committed_.size_bytes;
  return file_->sync_data();
}

}  // namespace cortex::ledger
