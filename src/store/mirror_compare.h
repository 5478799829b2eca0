// Compares the store's `events` with the ledger, row by row and in full.
//
// Rows are walked in the order in which they were inserted, which is the ledger's own order in a
// store that this program keeps: one sequential scan, no look-up a row. Where the order differs the
// row is looked up by id and the walk goes on from there. O(rows), one bit of memory a row.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/event.h"
#include "sqlite/connection.h"
#include "sqlite/statement.h"

namespace cortex::store {

struct MirrorComparison {
  std::uint64_t equal = 0;      // ledger rows that the store holds in full
  std::uint64_t lagging = 0;    // ledger rows that the store does not hold
  std::uint64_t differing = 0;  // held, with another value in some column
  std::uint64_t foreign = 0;    // store rows that no ledger row names
};

class MirrorComparer {
 public:
  // `db` must outlive the comparer. A store without the table holds nothing.
  static Result<MirrorComparer> begin(sqlite::Connection& db);
  // Ledger rows in order; `payload` as it stands there.
  Status add(const core::Event& event, std::string_view payload);
  // Of those added so far.
  std::uint64_t lagging() const { return result_.lagging; }
  Result<MirrorComparison> finish();

 private:
  explicit MirrorComparer(sqlite::Connection& db) : db_(&db) {}
  Status advance();
  Status seek(std::string_view id);
  bool same(const core::Event& event, std::string_view payload);
  void mark_named();

  sqlite::Connection* db_;
  std::optional<sqlite::Statement> walk_;  // absent: no table
  std::optional<sqlite::Statement> find_;
  bool at_row_ = false;      // walk_ stands on a row
  std::vector<bool> named_;  // by rowid: some ledger row has named it
  std::uint64_t named_rows_ = 0;
  MirrorComparison result_;
};

}  // namespace cortex::store
