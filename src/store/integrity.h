// Is the store file sound as a database? Structure, foreign keys, the full-text mirror, and the
// presence of the triggers and indexes that keep it right. Reads only.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

// One line per problem, starting with the name of the check ("integrity_check: ...",
// "foreign_key_check: ...", "fts_parity: ...", "schema_object: ..."); empty when all is well. A
// damaged file is a problem line, not an Error; an Error means that the checks could not run (no
// access, busy).
//
// `deep` reads everything: index contents against tables, and the text of each memory against the
// full-text row. Without it the page structure and the ids are compared. O(size of the file) both.
Result<std::vector<std::string>> integrity_problems(sqlite::Connection& connection, bool deep);

// The same, deep, in two parts: all without the contents of the indexes of `events`, and these,
// added to what the first part has found and not said twice. Whoever has them proven otherwise
// (event_keys.h) leaves the second part out: it looks up every event in each index, which takes
// longer than all the rest.
Result<std::vector<std::string>> integrity_problems_but_event_indexes(
    sqlite::Connection& connection);
Status add_event_index_problems(sqlite::Connection& connection, std::vector<std::string>& problems);

}  // namespace cortex::store
