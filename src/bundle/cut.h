// One consistent cut of a live deployment: the ledger up to a row border and a pinned snapshot of
// the store, both as of one moment at which no writer held the append lock. The store in the cut
// never mirrors more than the ledger in it. Writers wait for the time of two opens only; the
// snapshot is given back when the Cut goes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/fs/fs.h"
#include "base/progress.h"
#include "base/result.h"
#include "bundle/digest.h"
#include "ledger/tail.h"
#include "sqlite/connection.h"
#include "sqlite/transaction.h"

namespace cortex::bundle {

struct Cut {
  std::unique_ptr<fs::File> ledger;
  ledger::Tail tail;                            // of the ledger; its size ends the cut
  std::optional<sqlite::Connection> store;      // absent: the store is a file of 0 bytes
  std::optional<sqlite::Transaction> snapshot;  // pins what `store` reads
  // The file itself is the snapshot and stays it: nothing stands in the write-ahead log, and the
  // locks of `store` keep others from changing the file (SQLite moves no frame from the log into
  // it while somebody reads the file alone).
  bool file_is_snapshot = false;
  std::optional<Error> store_error;  // the store cannot be read; the ledger can
};

// Both files must exist and be regular ones (symbolic links are followed): kPrecondition. Nothing
// of the deployment is changed; SQLite's own -wal and -shm may come and go.
Result<Cut> take_cut(fs::FileSystem& fs, const std::string& db_path,
                     const std::string& event_log_path);

// A store that mirrors rows that the ledger does not hold tells that acknowledged rows are gone.
// Such a pair is no state to keep: kIntegrity, kChain with a torn tail.
Status check_not_cut(Cut& cut);

// The store of the cut in a new file with mode 0600, not synced; its digest. A file that is the
// snapshot is copied as it is, each byte read once; any other by SQLite's online backup, and read
// once more for the digest. Errors: that of the cut when the store cannot be read.
Result<FileDigest> copy_store(fs::FileSystem& fs, Cut& cut, const std::string& path,
                              Progress* progress = nullptr, const std::stop_token& stop = {});
// The same by SQLite's online backup whatever the file is, and without a digest.
Status copy_store_pages(fs::FileSystem& fs, Cut& cut, const std::string& path,
                        Progress* progress = nullptr, const std::stop_token& stop = {});

// The ledger ends before the cut does: whoever copies it says this of what is missing.
Error ledger_was_shortened();

}  // namespace cortex::bundle
