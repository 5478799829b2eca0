// Takes a text out of every table of a store and out of its file (docs/formats.md, 6.10).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

// The same text as columns may hold it: as it is, and as a part of JSON. `whole_only`: the former
// only where it is all that a column holds.
struct ScrubbedText {
  std::string_view text, text_in_json;
  std::string_view instead, instead_in_json;
  bool whole_only = false;
};

struct ScrubReport {
  std::uint64_t values = 0;           // columns of rows that were changed
  std::vector<std::string> memories;  // whose claims were
};

// Every text column of every table but those that are made from others (full text, search index):
// triggers and callers make these anew. Vectors of the memories concerned go, and the marks of all
// claims, which come back with the next note. Needs a write transaction. O(store).
Result<ScrubReport> scrub_text(sqlite::Connection& db, const ScrubbedText& text);

// What was deleted is overwritten in the file: full text merged, file compacted, WAL emptied.
// Outside of transactions. O(store).
Status compact_after_scrub(sqlite::Connection& db);

}  // namespace cortex::store
