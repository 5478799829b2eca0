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
// back to its last complete row. The Merkle tree beside the ledger (tlog/sidecar.h) follows each
// batch after its sync; of a large batch it takes block after block on a thread of its own, while
// the next one is sealed. A tree that cannot is left behind. Destroying the object without commit()
// leaves the file as it was. Not thread-safe; one object a ledger and process.
#pragma once

#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/fs/fs.h"
#include "base/limits.h"
#include "base/result.h"
#include "core/event.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "ledger/head_file.h"
#include "ledger/promise.h"
#include "ledger/recovery.h"
#include "ledger/row_signer.h"
#include "ledger/tail.h"
#include "ledger/tlog/sidecar.h"

namespace cortex::ledger {

// The batch was written, but the device did not take it.
inline constexpr std::string_view kNotSyncedToken = "ledger.batch_not_synced";

class AppendLog {
  struct Key {};  // only open() can make one, std::make_unique can call the constructor

 public:
  AppendLog(Key, fs::FileSystem& fs, std::unique_ptr<fs::File> file, const SettledTail& tail);
  static Result<std::unique_ptr<AppendLog>> open(fs::FileSystem& fs, const std::string& path,
                                                 Clock& clock, Random& random);

  // Seals `event` onto the head, and signs it after sign_with(), for the time given or now. The row
  // is written by commit(), or earlier in blocks when a batch is large. kUsage for a row that no
  // reader would take (limits::kRowBytesMax): everything since the last commit() is taken back.
  Status append(core::Event& event, std::optional<Timestamp> signed_at = {});
  // Every row from here on is signed by this key. Before the first append(). Errors: as
  // RowSigner::open(), and those of reading the ledger.
  Status sign_with(crypto::SigningKey key, Clock& clock);
  // Rows from here on carry a row hash (chain.h), in this batch and in all later ones. Without it
  // they do once one of them had to.
  void begin_coverage() { covering_ = true; }
  // Another limit than limits::kRowBytesMax. For tests.
  void limit_rows_to(std::size_t bytes) { row_bytes_max_ = bytes; }
  // Leaves the Merkle tree behind; it is caught up by a later batch. Before the first append().
  void leave_tree_behind() { tree_tried_ = true; }
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
  // Why the tree did not follow, when it could not.
  const std::optional<Error>& tree_error() const { return tree_error_; }
  // Acknowledged rows that the ledger no longer has. They stay known until accept_ledger().
  const std::optional<BrokenPromise>& broken_promise() const { return broken_promise_; }
  fs::File& file() { return *file_; }

  ~AppendLog();

 private:
  Status flush();
  Status refuse_row(std::size_t bytes);
  // A row that the tree does not hold yet, by its place in a block.
  struct TreeRow {
    std::size_t begin = 0, size = 0;
    Ulid id;
    std::uint64_t offset = 0;  // in the ledger
  };
  void open_tree();
  void hand_block_to_tree();  // and takes an empty block for the next rows
  void settle_tree();         // until it has taken what it was handed
  void tree_failed(Error error);

  fs::FileSystem& fs_;
  std::unique_ptr<fs::File> file_;
  LedgerHead committed_;  // durable
  LedgerHead next_;       // with everything appended since
  std::uint64_t written_size_;
  bool committed_lacks_newline_;
  std::size_t row_bytes_max_ = limits::kRowBytesMax;
  std::string buffer_;
  crypto::Blake3 hasher_;
  std::optional<RowSigner> signer_;
  bool covering_ = false;
  bool tree_tried_ = false;
  std::unique_ptr<Sidecar> tree_;   // from the first block on
  std::vector<TreeRow> tree_rows_;  // of buffer_
  std::string block_;               // what the tree is at, and its rows
  std::vector<TreeRow> block_rows_;
  std::optional<Error> tree_error_;
  std::optional<BrokenPromise> broken_promise_;
  std::optional<TornTail> moved_tail_;
  std::future<Status> tree_work_;  // last, so that it ends before what it uses
};

}  // namespace cortex::ledger
