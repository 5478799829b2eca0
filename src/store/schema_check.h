// Is the store one that this program understands? (docs/formats.md, "Store")
//
// Looks at required tables and columns, at unknown migration names and at rows newer than this
// program, and at nothing else: older rows, extra tables, extra columns and extra indexes are fine.
// Reads only. One statement for the columns of all tables; the look for newer rows is O(1) with the
// private indexes (private_schema.h) and a scan of events and traces without them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

// Highest schema_version of a row that this program reads.
inline constexpr int kSchemaVersion = 2;

struct SchemaFailure {
  std::string invariant;  // "schema_shape.events.exists"
  std::string detail;     // one sentence for people

  std::string text() const;  // both
  friend bool operator==(const SchemaFailure&, const SchemaFailure&) = default;
};

// All failures, in their documented order: per table (order of checked_tables) its absence or its
// missing columns, then unknown migration names ascending, then newer rows of events and of traces
// by id (at most limits::kFailuresShownMax of each table; the last detail counts the others). An
// Error means that the file could not be read at all.
Result<std::vector<SchemaFailure>> check_schema(sqlite::Connection& connection);

// The tables that the check covers, in its order, which is alphabetical.
std::span<const std::string_view> checked_tables();

}  // namespace cortex::store
