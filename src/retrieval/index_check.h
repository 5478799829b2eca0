// Whether the search index says what the tables say: for `doctor`. Nothing is written.
#pragma once

#include <string>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::retrieval {

// Empty when the index is sound and up to date, else what is wrong with it. Every indexed row is
// analysed again and compared, every posting is held against the forward rows, in one pass over
// documents and one over lists. O(store), memory constant. Inside one read transaction of the
// caller.
Result<std::string> check_index(sqlite::Connection& db);

}  // namespace cortex::retrieval
