// What was known about a memory, and when: one row for every change that an operation made, with
// the state after it. The claim itself never changes; a corrected claim is another memory.
//
// Private table cortex_memory_history. Two times: `known_at` is when the store learned it, valid
// time is when the claim holds in the world, from `valid_from` (inclusive) until `valid_until`
// (exclusive), each unbounded when absent, never when both are equal. Times are RFC 3339 with
// "+00:00", whose text order is their order.
//
// A memory without rows here was made by another program and never changed by an operation: it
// counts as known since its `created_at`, in its present state. cortex_memories_untold
// (followed_tables.h) has those.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"
#include "store/memories.h"
#include "store/operation.h"

namespace cortex::store {

struct ValidTime {
  std::optional<std::string> from{}, until{};

  friend bool operator==(const ValidTime&, const ValidTime&) = default;
};

struct MemoryVersion {
  std::int64_t number = 0;  // ascending in the order of the ledger
  std::string memory_id;
  std::string event_id;   // of the operation
  std::string operation;  // "memory.accept"
  std::string known_at;
  std::string status;
  json::Value domains;
  std::int64_t use_count = 0, validation_epoch = 0;
  ValidTime valid;
  std::string other_id;  // what it was superseded by, or ""
  std::string actor, reason;
};

// Records the present state of the memory as the one after `row`. Once an operation and memory: a
// replay changes nothing. `valid`: nothing keeps what was known before.
Status record_version(sqlite::Connection& db, const OperationRow& row, std::string_view memory_id,
                      std::string_view known_at, const std::optional<ValidTime>& valid,
                      std::string_view other_id);

// Oldest first. One query.
Result<std::vector<MemoryVersion>> versions_of(sqlite::Connection& db, std::string_view memory_id);
// The last one, or nothing.
Result<std::optional<MemoryVersion>> last_version(sqlite::Connection& db,
                                                  std::string_view memory_id);

// Of a row of cortex_memory_history: an agent noted the memory. The condition of an index, too.
inline constexpr std::string_view kNotedByAgentSql =
    "actor = 'agent' AND operation = 'memory.note'";
// Those of `ids` that an agent noted, whatever their row says of their authority: the row has the
// word that reference 0.1.2 wrote, the ledger has who it was. One query, of an index of those notes
// alone.
Result<std::set<std::string>> noted_by_agents(sqlite::Connection& db,
                                              std::span<const std::string> ids);

// The present state of the store at a point of both times.
struct AsOf {
  std::string known_at;  // what was known then
  std::string valid_at;  // about that moment
};

// A memory as it was: `memory` has the status, domains and counts of that moment, `updated_at` is
// when that state began. `version` is absent where it comes from a row without history.
struct MemoryThen {
  Memory memory;
  ValidTime valid;
  std::optional<std::int64_t> version;
};

struct MemoriesThen {
  std::vector<MemoryThen> rows;
  std::vector<UnreadableMemory> unreadable;  // of those that held then
  bool more = false;                         // the limit was reached: there may be others
};

// The memories that held at that point: known and active then, or superseded by then but valid at
// that moment. Newest state first, then by id. `filter`: tags and ids (as they were then), limit
// and offset; statuses replace "active, or superseded but valid". Two queries: for the states, from
// the newest on or of the ids, and for the rows of those that held. O(rows shown and left out
// before them); what changed after `known_at` is not read.
Result<MemoriesThen> memories_as_of(sqlite::Connection& db, const AsOf& when,
                                    const MemoryFilter& filter);
// How many of them there are, whatever page, without those whose claim was erased since. Two
// queries. O(states).
Result<std::uint64_t> count_memories_as_of(sqlite::Connection& db, const AsOf& when,
                                           const MemoryFilter& filter);
// Whatever its status and valid time; nothing when it was not known yet.
Result<std::optional<MemoryThen>> memory_as_of(sqlite::Connection& db, std::string_view id,
                                               std::string_view known_at);

// What changed about one memory between two moments. `before` is absent for one that was not known.
struct MemoryDifference {
  std::string id, claim;
  std::optional<std::string> status_before{}, domains_before{};
  std::string status_after, domains_after;
  std::int64_t uses_before = 0, uses_after = 0, epoch_before = 0, epoch_after = 0;
  std::string changed_at;
  std::vector<std::string> operations;
};
// Memories whose state was learned after `since` and by `until`, by time, then id. One query.
Result<std::vector<MemoryDifference>> memory_differences(sqlite::Connection& db,
                                                         std::string_view since,
                                                         std::string_view until);

}  // namespace cortex::store
