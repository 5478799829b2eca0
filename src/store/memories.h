// The `memories` table: typed rows, one at a time, as a set, or as a stream of pages.
//
// A row whose id, times or JSON columns cannot be read is reported beside the others and never
// keeps them from being read. Nothing here asks one query a row. Memory: the rows returned, or one
// row where they are streamed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "sqlite/connection.h"

namespace cortex::store {

// All columns. Times are RFC 3339 text, checked to be readable, as they stand in the row. Lineage
// and scope may be any JSON: who needs an array checks for one.
struct Memory {
  std::int64_t row_number = 0;  // rowid
  std::string id, type, status, claim;
  json::Value source_episodes, source_events, domains, salience;
  double confidence = 0;
  std::string authority;
  json::Value applies_when, does_not_apply_when;
  std::string created_at, updated_at;
  std::optional<json::Value> summary_spans{};
  std::optional<std::int64_t> cross_session_use_count{};
  std::optional<std::string> first_used_at{}, last_cross_session_use_at{}, last_validation_at{};
  std::optional<std::int64_t> validation_epoch{};
  std::optional<std::string> blessed_until{};

  std::vector<std::string> tags() const;  // the texts among `domains`
  bool validated() const { return validation_epoch.value_or(0) > 0; }
};

// A row that is left out, and why. `id` as it stands, whatever it is.
struct UnreadableMemory {
  std::string id, column, reason;
};

// Where a page ended: the next one starts behind it.
struct MemoryMark {
  std::string updated_at, id;
};

struct MemoryFilter {
  std::vector<std::string> statuses{};  // none: any
  std::vector<std::string> tags{};      // each must be an element of `domains`, byte for byte
  std::optional<std::vector<std::string>> ids{};
  std::optional<std::vector<std::int64_t>> row_numbers{};
  std::optional<MemoryMark> after{};
  std::optional<std::uint64_t> limit{};  // of rows looked at, unreadable ones included
  std::uint64_t offset = 0;
};

struct MemoryPage {
  std::vector<Memory> rows;
  std::vector<UnreadableMemory> unreadable;
  std::optional<MemoryMark> next{};  // when `limit` was reached
};

// Newest `updated_at` first (as text), then by id. One query.
using MemoryVisitor = std::function<Status(const Memory& memory)>;
Result<std::vector<UnreadableMemory>> each_memory(sqlite::Connection& db,
                                                  const MemoryFilter& filter,
                                                  const MemoryVisitor& visit);
Result<MemoryPage> page_of_memories(sqlite::Connection& db, const MemoryFilter& filter);

// Nothing when there is none. kInternal with the column when it cannot be read.
Result<std::optional<Memory>> find_memory(sqlite::Connection& db, std::string_view id);

// Of the rows that the filter lets through, whatever page. Of all active ones, and by tags, from
// the tables that follow (followed_tables.h); else O(rows).
Result<std::uint64_t> count_memories(sqlite::Connection& db, const MemoryFilter& filter);

// The row as one JSON object, every column by its name, JSON columns as values; and back. What an
// operation carries.
json::Object memory_to_json(const Memory& memory);
Result<Memory> memory_from_json(const json::Value& value);

// Adds the row. False: the id is there already, and nothing was changed.
Result<bool> insert_memory(sqlite::Connection& db, const Memory& memory);

struct MemoryChange {
  std::string id;
  std::optional<std::string> status{};
  std::optional<json::Array> domains{};
  std::optional<std::string> updated_at{};
};
// Sets what is given. False: there is no such row.
Result<bool> change_memory(sqlite::Connection& db, const MemoryChange& change);

}  // namespace cortex::store
