// Is a store ready to be one of schema v2? (docs/formats.md, 9.9.) Reads only, O(rows).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"
#include "store/schema_check.h"

namespace cortex::store {

// schema_v2_expand_shape.complete: the columns and tables of migration 003 are all there, or none.
Result<std::vector<SchemaFailure>> check_v2_shape(sqlite::Connection& db);

// schema_v2_default_persistence.*: what the cutover promises of the rows. The first failure of each
// check, in the order of the format.
Result<std::vector<SchemaFailure>> check_v2_persistence(sqlite::Connection& db);

}  // namespace cortex::store
