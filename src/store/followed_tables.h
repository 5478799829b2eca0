// Private tables that triggers on `memories` keep, whoever writes there: cortex_memory_tags,
// cortex_memory_tally and cortex_memories_untold. What one memory adds and takes away is written
// once; the triggers and the filling of a new table are made from it.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

// `present`: "table x" and "trigger y" of what the store has. Reads nothing.
bool are_followed_tables_complete(const std::set<std::string>& present);

// Makes anew, with its content, each table of which a part is missing: what happened while a
// trigger was not there is in no table. In a transaction of the caller.
Status ensure_followed_tables(sqlite::Connection& db, const std::set<std::string>& present);

// Fills all from the memories as they are. O(memories).
Status refill_followed_tables(sqlite::Connection& db);

}  // namespace cortex::store
