// The `contradictions` table, and the precedence that resolving one gives (private table
// cortex_precedence).
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

// References are ids of memories as a rule, but any text may stand in the columns.
struct Contradiction {
  std::string id, left_ref, right_ref, type, status;
  std::optional<std::string> interpretation{};
  std::string created_at, updated_at;

  bool open() const { return status == "unresolved" || status == "interpreted"; }
};

enum class Which { kAll, kOpen };
// By created_at, then id. `touching`: only those with it on either side, looked up by an index. One
// query. A row with an unknown status is in none but kAll.
Result<std::vector<Contradiction>> list_contradictions(
    sqlite::Connection& db, Which which, const std::optional<std::string>& touching = {});
// The open ones that name one of `refs` on either side, looked up by it; of those that were open at
// a moment (a text of the columns): known by then, and not resolved before it. By created_at, then
// id. One query.
Result<std::vector<Contradiction>> open_contradictions(
    sqlite::Connection& db, std::span<const std::string> refs,
    const std::optional<std::string>& known_at = {});
// How many open ones touch each of `refs`, those without any left out. One query.
Result<std::map<std::string, std::size_t>> count_open_contradictions(
    sqlite::Connection& db, const std::vector<std::string>& refs);
Result<std::optional<Contradiction>> find_contradiction(sqlite::Connection& db,
                                                        std::string_view id);
// Inserts it, or replaces status, interpretation and updated_at of the one with this id.
Status put_contradiction(sqlite::Connection& db, const Contradiction& contradiction);

// Whose claim is preferred over whose.
struct Precedence {
  std::string contradiction_id, winner, loser, reason, event_id;
};
Status put_precedence(sqlite::Connection& db, const Precedence& precedence);
Result<std::vector<Precedence>> list_precedences(sqlite::Connection& db);

}  // namespace cortex::store
