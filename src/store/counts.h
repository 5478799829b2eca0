// Row counts, for manifests and for comparing a copy with its original. Read inside a transaction
// of the caller, all counts describe the same moment. O(rows).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

// The four counts of a backup manifest.
struct TableCounts {
  std::uint64_t events = 0;
  std::uint64_t traces = 0;
  std::uint64_t episodes = 0;
  std::uint64_t memories = 0;

  friend bool operator==(const TableCounts&, const TableCounts&) = default;
};

// A missing table counts 0: a store that was never opened has none.
Result<TableCounts> count_tables(sqlite::Connection& connection);

// Every ordinary table of the file by name, ascending: without SQLite's own, without those behind
// the full-text index, without our private "cortex_" ones.
Result<std::vector<std::pair<std::string, std::uint64_t>>> count_all(
    sqlite::Connection& connection);

}  // namespace cortex::store
