// Sets one member of a JSON text and leaves every other byte as it is: for files that people and
// other programs own. Comments and commas before a closing bracket are read over, as editors write
// them (JSONC).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace cortex::json {

// `text` with `value` at `path`, a chain of member names from the root object; objects on the way
// that are missing are made. The value is written with the indentation found there. A blank text is
// an empty object. Unchanged when the member holds an equal value. Errors: kIntegrity when the text
// cannot be read, or something on the way is no object. O(text).
Result<std::string> with_member(std::string_view text, std::span<const std::string_view> path,
                                const Value& value);

}  // namespace cortex::json
