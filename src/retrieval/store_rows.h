// The rows of the store that are searched, as every statement of this room reads them. Views live
// until the statement's next step.
#pragma once

#include <string_view>

#include "retrieval/document.h"
#include "sqlite/statement.h"

namespace cortex::retrieval {

// The columns of event_row() and memory_row(), in their order.
inline constexpr std::string_view kEventRowColumns =
    "rowid, observed_at, source_json, session_id, trace_id, event_type, payload_json";
inline constexpr std::string_view kMemoryRowColumns =
    "m.rowid, m.claim, m.domains_json, m.status, m.created_at";  // FROM memories m

inline EventRow event_row(const sqlite::Statement& row) {
  return {row.column_int(0),  row.column_text(1), row.column_text(2), row.column_text(3),
          row.column_text(4), row.column_text(5), row.column_text(6)};
}

// `first`: the column that the first one stands in.
inline MemoryRow memory_row(const sqlite::Statement& row, int first) {
  return {row.column_int(first), row.column_text(first + 1), row.column_text(first + 2),
          row.column_text(first + 3), row.column_text(first + 4)};
}

}  // namespace cortex::retrieval
