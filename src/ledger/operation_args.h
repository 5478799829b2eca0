// What a row of Cortex's own records as done (docs/formats.md, "Operations"), as far as the ledger
// itself has to know: its erasures and the rotations of its keys.
#pragma once

#include <optional>
#include <string_view>

#include "core/event_codec.h"
#include "json/value.h"

namespace cortex::ledger {

// The arguments of the operation `name` that the row records, or nothing. O(1) without its name.
std::optional<json::Value> operation_args(const core::DecodedEvent& row, std::string_view name);

}  // namespace cortex::ledger
