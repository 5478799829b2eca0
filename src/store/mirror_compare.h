// Compares the store's `events` with the ledger, row by row and in full.
//
// Rows are walked in the order in which they were inserted, which is the ledger's own order in a
// store that this program keeps: one sequential scan, no look-up a row. Where the order differs the
// row is looked up by id and the walk goes on from there. O(rows), one bit of memory a row.
//
// Several comparers, each on a connection of its own to the same content, may share the rows of a
// ledger, stretch by stretch, and are then joined.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/event.h"
#include "sqlite/connection.h"
#include "sqlite/statement.h"
#include "store/event_keys.h"
#include "store/mirror_row.h"

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
  // Takes in what another one has compared.
  void join(MirrorComparer&& other);
  Result<MirrorComparison> finish();
  // After finish(): what the indexes of the table must hold. Only when each row of the table is
  // equal to a ledger row, so that there is no row whose place in an index is unknown.
  std::optional<EventKeys> keys_of_all_rows() const;

 private:
  explicit MirrorComparer(sqlite::Connection& db) : db_(&db) {}
  Status advance();
  Result<bool> seek(std::string_view id);
  bool same(const core::Event& event, std::string_view payload);
  void mark_named();
  bool name_row(std::int64_t row_id);

  sqlite::Connection* db_;
  std::optional<sqlite::Statement> walk_;  // absent: no table
  std::optional<sqlite::Statement> find_;
  bool at_row_ = false;      // walk_ stands on a row
  std::vector<bool> named_;  // by rowid: some ledger row has named it
  std::uint64_t named_rows_ = 0;
  MirrorRow wanted_;
  std::string id_;
  EventKeys keys_;  // of the equal rows
  MirrorComparison result_;
};

}  // namespace cortex::store
