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
  std::string_view number{};  // a column that only numbers the rows: not compared
};
// The tables that operations write, parents before children; those that reference 0.1.2 does not
// have, too. Which operations were applied (cortex_operations) is no part of them.
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

// Called with a row: its key columns, then all columns that are compared.
using SeenRow = std::function<Status(const ProjectedTable& table, sqlite::Statement& row)>;
struct Differences {
  SeenRow on_wrong = {};        // of `rebuilt`: differing or missing in `live`
  SeenRow on_unaccounted = {};  // of `live`
};

// One table, by the given columns ("a, b"). The callbacks must not write to the table.
Result<TableComparison> compare_table(sqlite::Connection& live, sqlite::Connection& rebuilt,
                                      const ProjectedTable& table, const std::string& columns,
                                      const Differences& differences = {});

// The columns of a table that are compared, in its order: "a, b".
Result<std::string> columns_of(sqlite::Connection& db, const ProjectedTable& table);

// All projected tables.
Result<std::vector<TableComparison>> compare_projection(sqlite::Connection& live,
                                                        sqlite::Connection& rebuilt,
                                                        const Differences& differences = {});

}  // namespace cortex::store
