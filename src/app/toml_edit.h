// Puts one table into a TOML text and leaves every other byte as it is: for files that people and
// other programs own.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

// `text` with the members of `entry` (texts, arrays of texts, objects of texts) as keys of the
// table `parent`.`name`. A table that is not there is appended; of one that is there, in whatever
// form, the values that differ are replaced, missing keys get lines of their own, and other keys
// stay. Unchanged when all of it is there. The result was read again: it holds the entry, and
// otherwise what the text held. Errors: kIntegrity when the text cannot be read, or the table is
// written in a way that cannot be changed without rewriting it. O(text).
Result<std::string> with_toml_table(std::string_view text, std::string_view parent,
                                    std::string_view name, const json::Object& entry);

// The entry as one line of TOML, to be added by hand.
std::string toml_line(std::string_view parent, std::string_view name, const json::Object& entry);

}  // namespace cortex::app
