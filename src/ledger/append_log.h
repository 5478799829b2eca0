// The append side of the ledger: one exclusive lock, rows sealed onto the verified head, one sync
// per batch.
//
//   auto log = AppendLog::open(fs, path, clock, random);   // takes the lock, checks the tail
//   log->append(event); ...                                // seals and buffers
//   log->commit();                                         // write + fdatasync: acknowledged
//
// Opening reads the last row and what lies behind the last acknowledged one (head_file.h): O(1) in
// the ledger's length after the first time. Every row there must decode, else code kChain. A
// complete last row without newline gets its newline with the next batch. A torn tail is never
// written behind: it is moved to `<ledger>.torn-<offset>-<ULID>` (synced) before the ledger is cut
// back to its last complete row. Destroying the object without commit() leaves the file as it was.
// Not thread-safe; one object a ledger and process.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/fs/fs.h"
#include "base/result.h"
#include "core/event.h"
#include "ledger/head_file.h"
#include "ledger/recovery.h"
#include "ledger/tail.h"

namespace cortex::ledger {

// The batch was written, but the device did not take it.
inline constexpr std::string_view kNotSyncedToken = "ledger.batch_not_synced";

class AppendLog {
  struct Key {};  // only open() can make one, std::make_unique can call the constructor

 public:
  AppendLog(Key, fs::FileSystem& fs, std::unique_ptr<fs::File> file, const SettledTail& tail);
  static Result<std::unique_ptr<AppendLog>> open(fs::FileSystem& fs, const std::string& path,
                                                 Clock& clock, Random& random);

  // Seals `event` onto the head. The row is written by commit(), or earlier in blocks when a batch
  // is large.
  Status append(core::Event& event);
  // Writes what is buffered and syncs. Everything appended is durable when this returns without an
  // error.
  Status commit();
  // Takes back everything since the last commit().
  Status roll_back();

  const std::optional<std::string>& head() const { return next_.hash; }
  std::uint64_t size_bytes() const { return committed_.size_bytes; }
  std::uint64_t rows() const { return committed_.rows; }
  // Where the next row will begin: everything appended so far, written or buffered.
  std::uint64_t next_offset() const { return next_.size_bytes; }
  const std::optional<TornTail>& moved_tail() const { return moved_tail_; }
  fs::File& file() { return *file_; }

  ~AppendLog();

 private:
  Status flush();

  fs::FileSystem& fs_;
  std::unique_ptr<fs::File> file_;
  LedgerHead committed_;  // durable
  LedgerHead next_;       // with everything appended since
  std::uint64_t written_size_;
  bool committed_lacks_newline_;
  std::string buffer_;
  std::optional<TornTail> moved_tail_;
};

}  // namespace cortex::ledger
