// The lexical canonical form (docs/formats.md, 4.4): the canonical form of a text in which every
// number that is already written canonically keeps its digits, instead of being read and printed
// again. It differs from canonical(parse(text)) only where a number is unstable, and equals the
// text itself exactly when Extent::canonical is true.
#pragma once

#include <string>

#include "json/cursor.h"

namespace cortex::json {

// Reads the value at the cursor and appends its lexical canonical form. False on a fault of the
// cursor; `out` then holds a useless prefix. O(n log n), memory in proportion to the value.
bool write_lexical_canonical(Cursor& cursor, std::string& out);

}  // namespace cortex::json
