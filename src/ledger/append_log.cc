#include "ledger/append_log.h"

#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "core/event_codec.h"
#include "ledger/chain.h"
#include "ledger/restore_guard.h"

namespace cortex::ledger {
namespace {

// The rows are durable; without the hint the next open takes longer, that is all.
void remember(fs::FileSystem& fs, const std::string& path, const LedgerHead& head,
              const std::optional<BrokenPromise>& broken) {
  const auto lost = broken ? std::optional(broken->promise.head) : std::nullopt;
  static_cast<void>(write_head_file(fs, path, head, lost).ok());
}

// A restore may replace the ledger while its lock is waited for: what counts is the file that the
// path names when the lock is held.
Result<std::unique_ptr<fs::File>> open_locked(fs::FileSystem& fs, const std::string& path) {
  constexpr int kTriesMax = 8;
  for (int tries = 1;; ++tries) {
    CORTEX_ASSIGN(auto file, fs.open(path, fs::Open::kAppendOrCreate, 0600));
    CORTEX_TRY(file->lock(fs::Lock::kExclusive, limits::kLockWaitMillisMax));
    CORTEX_ASSIGN(const bool in_place, is_in_place(fs, *file));
    if (in_place) return file;
    if (tries == kTriesMax) {
      return make_error(Code::kPrecondition,
                        cat("the ledger ", quoted(path), " is replaced again and again"));
    }
  }
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
  CORTEX_ASSIGN(auto file, open_locked(fs, path));
  CORTEX_TRY(check_no_restore(fs, path));
  CORTEX_ASSIGN(const SettledTail tail, settle_tail(fs, *file));
  CORTEX_ASSIGN(const fs::Info info, file->info());
  auto broken = find_broken(*file, info.size_bytes, read_promises(fs, path), tail.acknowledged);
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
    if (!tail.missing_newline) remember(fs, path, tail.head, broken);
  }
  auto log = std::make_unique<AppendLog>(Key{}, fs, std::move(file), tail);
  log->moved_tail_ = std::move(moved);
  log->broken_promise_ = std::move(broken);
  return log;
}

Status AppendLog::sign_with(crypto::SigningKey key, Clock& clock) {
  CORTEX_ASSIGN(RowSigner signer,
                RowSigner::open(std::move(key), ledger_id_of(file_->path(), kSignedRowsLedgerId),
                                clock, *file_, committed_.size_bytes));
  signer_.emplace(std::move(signer));
  return {};
}

Status AppendLog::append(core::Event& event, std::optional<Timestamp> signed_at) {
  seal(event, next_.hash);
  if (signer_) signer_->sign(event, signed_at);
  event.row_hash.reset();
  const std::size_t old_size = buffer_.size();
  const std::uint64_t offset = next_.size_bytes;
  core::append_row_body(buffer_, event);
  if (covering_ || next_.row_hash || begins_coverage(event)) {
    const auto hash = row_hash(hasher_, next_.row_hash ? *next_.row_hash : std::string_view(),
                               std::string_view(buffer_).substr(old_size));
    event.row_hash.emplace(hash.data(), hash.size());
    next_.row_hash = event.row_hash;
  }
  core::append_row_end(buffer_, event);
  if (const std::size_t row_bytes = buffer_.size() - old_size; row_bytes >= row_bytes_max_) {
    return refuse_row(row_bytes);
  }
  if (tree_ || !tree_tried_) {
    tree_rows_.push_back({old_size, buffer_.size() - old_size, event.id, offset});
  }
  buffer_.push_back('\n');
  next_.size_bytes += buffer_.size() - old_size;
  next_.hash = event.event_hash;
  ++next_.rows;
  return buffer_.size() >= limits::kIoBlockBytes ? flush() : Status{};
}

Status AppendLog::refuse_row(std::size_t bytes) {
  CORTEX_TRY(roll_back());
  return make_error(Code::kUsage,
                    cat("a row of the ledger would have ", with_thousands(bytes),
                        " bytes, it must stay below ", with_thousands(row_bytes_max_)),
                    "nothing of this batch was recorded", "give what is so large in smaller parts");
}

// The ledger does not wait for its tree: what the tree misses it takes from the ledger later.
void AppendLog::tree_failed(Error error) {
  tree_.reset();
  tree_error_ = std::move(error);
}

void AppendLog::open_tree() {
  if (tree_tried_) return;
  tree_tried_ = true;
  auto opened = Sidecar::open(fs_, *file_, committed_, kTreeLagBytesMax);
  if (!opened.ok()) return tree_failed(std::move(opened).error());
  tree_ = std::move(opened).value();
}

void AppendLog::hand_block_to_tree() {
  settle_tree();
  open_tree();
  std::swap(block_, buffer_);
  std::swap(block_rows_, tree_rows_);
  buffer_.clear();
  tree_rows_.clear();
  if (!tree_ || block_rows_.empty()) return;
  const auto add = [this]() -> Status {
    for (const TreeRow& row : block_rows_) {
      CORTEX_TRY(
          tree_->add(std::string_view(block_).substr(row.begin, row.size), row.id, row.offset));
    }
    return {};
  };
  // What is small waits for settle_tree(): a thread would cost more than it does.
  const bool large = block_.size() >= limits::kIoBlockBytes;
  tree_work_ =
      std::async(large ? std::launch::async | std::launch::deferred : std::launch::deferred, add);
}

void AppendLog::settle_tree() {
  if (!tree_work_.valid()) return;
  if (auto added = tree_work_.get(); !added.ok()) tree_failed(std::move(added).error());
}

Status AppendLog::flush() {
  if (buffer_.empty()) return {};
  CORTEX_TRY(file_->append(buffer_));
  written_size_ += buffer_.size();
  hand_block_to_tree();
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
  if (signer_) signer_->commit();
  committed_lacks_newline_ = false;
  remember(fs_, file_->path(), committed_, broken_promise_);
  settle_tree();
  if (tree_) {
    if (auto followed = tree_->commit(committed_); !followed.ok()) {
      tree_failed(std::move(followed).error());
    }
  }
  return {};
}

Status AppendLog::roll_back() {
  next_ = committed_;
  if (signer_) signer_->roll_back();
  buffer_.clear();
  tree_rows_.clear();
  settle_tree();
  if (tree_) {
    if (auto back = tree_->roll_back(); !back.ok()) tree_failed(std::move(back).error());
  }
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
