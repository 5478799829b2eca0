// One JSON object in a line that tells whether it is as it was written: for small files that are
// overwritten without a sync. The last member, `check`, is the BLAKE3 of the text before it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/value.h"

namespace cortex::ledger {

// With a final newline. The object must have members and none that is called `check`.
std::string checked_line(const json::Object& document);
// Nothing when the text is torn, damaged, or no such line.
std::optional<json::Value> parse_checked_line(std::string_view text);

}  // namespace cortex::ledger
