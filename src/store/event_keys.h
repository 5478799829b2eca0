// Do the indexes of `events` hold the rows of the table? SQLite's own answer looks up every row in
// every index. Whoever walks the table anyway gets the same answer from two sums: over the rows as
// they come, and over the entries of each index, which stand in strictly ascending order. Equal
// sums of equally many entries are the same entries, up to an accident of one in 2^64 or less; a
// sum is no digest, and is no proof against somebody who writes indexes on purpose.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

class EventKeys {
 public:
  void add_id(std::int64_t row_id, std::string_view id) { ids_.add(row_id, id); }
  void add_hash(std::int64_t row_id, std::string_view hash) { hashes_.add(row_id, hash); }
  void join(const EventKeys& other);

  friend bool operator==(const EventKeys&, const EventKeys&) = default;

 private:
  // Independent of the order in which entries are added.
  struct Sum {
    std::uint64_t entries = 0, high = 0, low = 0;

    void add(std::int64_t row_id, std::string_view key);
    friend bool operator==(const Sum&, const Sum&) = default;
  };
  Sum ids_, hashes_;
};

// What the indexes hold. nullopt when this says nothing of them: one is missing, out of order,
// repeats a key, has one that is no text, cannot be read, or is one that the schema does not have.
// O(rows), no memory.
Result<std::optional<EventKeys>> read_event_indexes(sqlite::Connection& db);

}  // namespace cortex::store
