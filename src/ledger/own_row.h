// Rows that Cortex writes about itself, and what those of them record as done (docs/formats.md,
// "Operations") that the ledger itself has to know: its erasures and the rotations of its keys.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "core/event_codec.h"
#include "json/value.h"

namespace cortex::ledger {

// A row of now, with a new id and without a payload. It is not sealed.
core::Event own_row(Clock& clock, Random& random);

// Of source runtime and type system_note. Sessions may hold such rows too.
bool is_own_row(const core::Event& event);

// The arguments of the operation `name` that the row records, or nothing. O(1) without its name.
std::optional<json::Value> operation_args(const core::DecodedEvent& row, std::string_view name);

}  // namespace cortex::ledger
