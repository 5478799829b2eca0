// Private tables that triggers on `memories` keep, whoever writes there: cortex_memory_tags,
// cortex_memory_tally and cortex_memories_untold. What one memory adds and takes away is written
// once; the triggers and the filling of a new table are made from it.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

std::vector<std::string> followed_table_names();

// What a store has, "table x" and "trigger y", each with its statement as SQLite keeps it.
using SchemaTexts = std::map<std::string, std::string>;

// Whether each table and each trigger is there as this program makes it, and no other trigger of
// these names: those of another version count otherwise. Reads nothing.
bool are_followed_tables_complete(const SchemaTexts& present);

// Makes anew, with its content, each table of which a part is missing or another: what happened
// while a trigger was not there is in no table. In a transaction of the caller.
Status ensure_followed_tables(sqlite::Connection& db, const SchemaTexts& present);

// Fills all from the memories as they are. O(memories).
Status refill_followed_tables(sqlite::Connection& db);

}  // namespace cortex::store
