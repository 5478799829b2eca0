// Takes a text out of every table of a store and out of its file (docs/formats.md, 6.10).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/erasure.h"
#include "sqlite/connection.h"

namespace cortex::store {

struct ScrubReport {
  std::uint64_t values = 0;           // columns of rows that were changed
  std::vector<std::string> memories;  // whose claims were
};

// Every text column of every table that tells something, as the rows of the ledger are erased, but
// for those that are made from others: `events` from these rows, full text and search index; their
// triggers and the caller make these anew. Vectors of the memories concerned go, and the marks of
// all claims, which come back with the next note. Needs a write transaction. O(store).
Result<ScrubReport> scrub_text(sqlite::Connection& db, const ledger::Eraser& eraser);

// What was deleted is overwritten in the file: full text merged, file compacted, WAL emptied.
// Outside of transactions. O(store).
Status compact_after_scrub(sqlite::Connection& db);

}  // namespace cortex::store
