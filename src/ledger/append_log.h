// The append side of the ledger: one exclusive lock, rows sealed onto the verified head, one sync
// per batch.
//
//   auto log = AppendLog::open(fs, path, clock, random);   // takes the lock, checks the tail
//   log->append(event); ...                                // seals and buffers
//   log->commit();                                         // write + fdatasync; only now is
//   anything acknowledged
//
// Opening reads the last row only, O(1) in the ledger's length: it must decode and its event hash
// must recompute, else code kChain. A complete last row without newline gets its newline with the
// next batch. A torn tail is never written behind: it is moved to `<ledger>.torn-<offset>-<ULID>`
// (synced) before the ledger is cut back to its last complete row. Destroying the object without
// commit() leaves the file as it was. Not thread-safe; one object a ledger and process.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/fs/fs.h"
#include "base/result.h"
#include "core/event.h"

namespace cortex::ledger {

struct TornTail {
  std::uint64_t offset = 0;
  std::uint64_t size_bytes = 0;
  std::string evidence_path;  // where the bytes were moved to; empty when only looked at
};

// What stands at the end of a ledger.
struct Tail {
  std::uint64_t size_bytes =
      0;  // up to the end of the last complete row, newline included where there is one
  bool missing_newline = false;
  std::optional<std::string> head;
  std::optional<TornTail> torn;
};

// Reads the tail of an open ledger without changing it.
Result<Tail> read_tail(fs::File& file);
// The same for the first `size_bytes` of the file.
Result<Tail> read_tail(fs::File& file, std::uint64_t size_bytes);
// Moves a torn tail aside; `file` must be open for appending and locked.
Result<TornTail> move_torn_tail(fs::FileSystem& fs, fs::File& file, const Tail& tail, Clock& clock,
                                Random& random);

class AppendLog {
  struct Key {};  // only open() can make one, std::make_unique can call the constructor

 public:
  AppendLog(Key, std::unique_ptr<fs::File> file, Tail tail);
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

  const std::optional<std::string>& head() const { return head_; }
  std::uint64_t size_bytes() const { return committed_size_; }
  // Where the next row will begin: everything appended so far, written or buffered.
  std::uint64_t next_offset() const { return written_size_ + buffer_.size(); }
  const std::optional<TornTail>& moved_tail() const { return moved_tail_; }
  fs::File& file() { return *file_; }

  ~AppendLog();

 private:
  Status flush();

  std::unique_ptr<fs::File> file_;
  std::optional<std::string> head_;
  std::optional<std::string> committed_head_;
  std::uint64_t committed_size_;
  std::uint64_t written_size_;
  bool missing_newline_;
  std::string buffer_;
  std::optional<TornTail> moved_tail_;
};

}  // namespace cortex::ledger
