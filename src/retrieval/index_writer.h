// Keeps the search index level with the store: whatever `events` and `memories` hold beyond what
// the index knows is added, in the caller's write transaction. A missing or foreign index is built
// from nothing.
//
// Cost: O(new rows) for the rows; a segment is sealed for every kTailDocs documents and four of a
// size are merged into one, so a document is written O(log n) times. One appended event writes one
// forward row, one or two record blocks and the state. Memory: kBuildPostings postings.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "retrieval/codec.h"
#include "sqlite/connection.h"

namespace cortex::retrieval {

// Documents that are searched by their forward rows before a segment is made of them.
inline constexpr DocId kTailDocs = 512;
// What a segment is built of in memory.
inline constexpr DocId kBuildDocs = 65'536;
inline constexpr std::size_t kBuildPostings = 1U << 19;
// Deleted documents that are carried along; beyond, the index is built anew.
inline constexpr std::size_t kDeletedMax = 256;

struct UpdateReport {
  std::uint64_t events = 0;    // added
  std::uint64_t memories = 0;  // added, changed or taken out
  bool rebuilt = false;
};

// Needs an open write transaction of the caller, who commits. On failure the caller rolls back.
Result<UpdateReport> update_index(sqlite::Connection& db);
// The same from nothing.
Result<UpdateReport> rebuild_index(sqlite::Connection& db);

}  // namespace cortex::retrieval
