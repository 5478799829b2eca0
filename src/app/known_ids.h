// Which event ids of a batch the ledger holds already.
#pragma once

#include "app/ingest_rules.h"
#include "app/layout.h"
#include "base/fs/fs.h"
#include "base/result.h"
#include "ledger/append_log.h"
#include "sqlite/connection.h"

namespace cortex::app {

// The subset of `ids` that is in the ledger. Rows that the store mirrors are asked there as sets
// (O(ids log rows)); the others are read from the ledger. `mirror`: a connection whose mirror is
// up to date, or null; then the store is only looked at. Memory O(ids).
Result<IdSet> known_ids(fs::FileSystem& fs, const Layout& layout, sqlite::Connection* mirror,
                        ledger::AppendLog& log, const IdSet& ids);

}  // namespace cortex::app
