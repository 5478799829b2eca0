// Puts one table into a TOML text and leaves every other byte as it is: for files that people and
// other programs own.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "json/value.h"

namespace cortex::app {

// The member `key` of a table inside the one that is put in.
struct TomlMember {
  std::string_view table, key;
};

struct TomlEntry {
  json::Object members;                // texts, arrays of texts, objects of texts
  std::optional<TomlMember> absent{};  // must not be there afterwards; no member
};

// `text` with the members of `entry` as keys of the table `parent`.`name`. A table that is not
// there is appended; of one that is there, in whatever form, the values that differ are replaced,
// missing keys get lines of their own, what must be absent is taken out, and other keys stay.
// Unchanged when it is so already. The result was read again: it differs from what the text held in
// nothing else. Errors: kIntegrity when the text cannot be read, or the table is written in a way
// that cannot be changed without rewriting it. O(text).
Result<std::string> with_toml_table(std::string_view text, std::string_view parent,
                                    std::string_view name, const TomlEntry& entry);

// The entry as one line of TOML, to be added by hand.
std::string toml_line(std::string_view parent, std::string_view name, const json::Object& entry);

}  // namespace cortex::app
