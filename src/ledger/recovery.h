// Recovery of the end of a ledger after a crash (docs/formats.md, 6.2).
//
// Rows up to the head file are acknowledged. What lies behind them was written by a batch that was
// not, or by a program that keeps no head file; it is read row by row. A last line without its end
// is a torn tail and is moved aside by the next append. A line in the middle that is no row stops
// every append: only `audit repair-tail --apply` moves it aside, with all that follows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/fs/fs.h"
#include "base/result.h"
#include "base/time.h"
#include "ledger/head_file.h"
#include "ledger/row_cursor.h"
#include "ledger/tail.h"

namespace cortex::ledger {

struct SettledTail {
  LedgerHead head;                           // after the last complete row
  std::optional<LedgerHead> acknowledged{};  // what the head file says, when it holds
  bool missing_newline = false;              // that row has no newline yet
  bool unacknowledged = false;               // rows stand behind the head file, synced or not
  std::optional<TornTail> torn;              // bytes behind it that are no complete row
  std::optional<RowFault> fault;       // a line behind which more follows, and which is no row
  bool fault_is_acknowledged = false;  // it may be a row that was promised: nothing to set aside
};

// Reads the end of the ledger; changes nothing. O(bytes behind the head file), the whole ledger
// when there is none. For the true state the caller holds the append lock.
Result<SettledTail> settle_tail(fs::FileSystem& fs, fs::File& file);

// Moves the bytes to `<ledger>.torn-<offset>-<ULID>`, synced before the ledger is cut. `file` must
// be open for appending and locked exclusively.
Result<TornTail> move_aside(fs::FileSystem& fs, fs::File& file, TornTail torn, Clock& clock,
                            Random& random);

}  // namespace cortex::ledger
