// Are the tables what the operations of the ledger make of them? Compares a store with one that was
// built from the ledger alone, table by table, row by row and in full.
//
// Both are walked in the order of the primary key: O(rows), one row of each in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

struct ProjectedTable {
  std::string_view name;
  std::string_view key;  // columns of the primary key, "a, b"
  int key_columns = 1;
};
// The tables that operations write, parents before children.
std::span<const ProjectedTable> projected_tables();

struct TableComparison {
  std::string_view table;
  std::uint64_t accounted = 0;    // rows that are what the ledger says
  std::uint64_t differing = 0;    // rows with another value in some column
  std::uint64_t missing = 0;      // rows that the ledger makes and the store lacks
  std::uint64_t unaccounted = 0;  // rows that no operation made, such as those of reference 0.1.2
  std::string first_wrong;        // key of the first differing or missing row, or empty

  bool holds() const { return differing == 0 && missing == 0; }
};

// Called with the row of `rebuilt` (all columns of the table, in its order) for each one that
// differs or is missing; may be empty.
using WrongRow = std::function<Status(const ProjectedTable& table, sqlite::Statement& row)>;

Result<std::vector<TableComparison>> compare_projection(sqlite::Connection& live,
                                                        sqlite::Connection& rebuilt,
                                                        const WrongRow& on_wrong = {});

}  // namespace cortex::store
