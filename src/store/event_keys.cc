#include "store/event_keys.h"

#include <bit>
#include <cstring>
#include <string>

#include "base/text.h"
#include "sqlite/failure.h"
#include "sqlite/statement.h"

namespace cortex::store {
namespace {

// Two lanes, each word multiplied into both (the constants are those of splitmix64 and of
// MurmurHash3).
struct Mixer {
  std::uint64_t high = 0x9E3779B97F4A7C15ULL;
  std::uint64_t low = 0xC2B2AE3D27D4EB4FULL;

  void add(std::uint64_t word) {
    high = std::rotl((high ^ word) * 0xBF58476D1CE4E5B9ULL, 31);
    low = std::rotl((low + word) * 0x87C37B91114253D5ULL, 33) ^ high;
  }
};

std::uint64_t finished(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31U);
}

constexpr std::string_view kIndexes =
    "SELECT l.name, l.origin, l.partial, i.name FROM pragma_index_list('events') l,"
    " pragma_index_info(l.name) i ORDER BY l.seq, i.seqno";

struct Indexes {
  std::string of_ids, of_hashes;  // their names
};

// nullopt when the table has another set of indexes than the schema's.
Result<std::optional<Indexes>> find_indexes(sqlite::Connection& db) {
  Indexes found;
  CORTEX_ASSIGN(auto rows, db.prepare(kIndexes));
  for (int count = 0;; ++count) {
    CORTEX_ASSIGN(const bool row, rows.step());
    if (!row) break;
    const std::string_view name = rows.column_text(0), origin = rows.column_text(1);
    const bool partial = rows.column_int(2) != 0;
    const std::string_view column = rows.column_text(3);
    if (count < 3 && origin == "pk" && column == "id") {
      found.of_ids = name;
    } else if (count < 3 && origin == "u" && column == "event_hash") {
      found.of_hashes = name;
    } else if (count >= 3 || !partial || name != "cortex_events_newer") {
      return std::optional<Indexes>();
    }
  }
  if (found.of_ids.empty() || found.of_hashes.empty()) return std::optional<Indexes>();
  return std::optional<Indexes>(std::move(found));
}

using AddEntry = void (EventKeys::*)(std::int64_t row_id, std::string_view key);

// False when the entries are not texts in strictly ascending order. A BLOB of the same bytes is
// another key: nobody who looks for the text finds it.
Result<bool> walk_index(sqlite::Connection& db, std::string_view index, std::string_view column,
                        AddEntry add, EventKeys& keys) {
  CORTEX_ASSIGN(auto rows, db.prepare(cat("SELECT ", column, ", rowid FROM events INDEXED BY ",
                                          index, " ORDER BY ", column)));
  std::string last;
  bool is_first = true;
  for (;; is_first = false) {
    CORTEX_ASSIGN(const bool row, rows.step());
    if (!row) return true;
    if (rows.column_type(0) != sqlite::Statement::ColumnType::kText) return false;
    const std::string_view key = rows.column_text(0);
    if (!is_first && key <= last) return false;
    (keys.*add)(rows.column_int(1), key);
    last = key;
  }
}

Result<std::optional<EventKeys>> read_keys(sqlite::Connection& db) {
  std::optional<EventKeys> none;
  CORTEX_ASSIGN(const auto indexes, find_indexes(db));
  if (!indexes) return none;
  // Rows of a later schema, of which there are none yet.
  CORTEX_ASSIGN(const std::int64_t newer,
                db.query_int("SELECT count(*) FROM sqlite_schema WHERE name = 'cortex_events_newer'"
                             " AND type = 'index'"));
  if (newer != 0) {
    CORTEX_ASSIGN(const std::int64_t rows,
                  db.query_int("SELECT count(*) FROM events INDEXED BY cortex_events_newer"
                               " WHERE schema_version > 2"));
    if (rows != 0) return none;
  }
  EventKeys keys;
  CORTEX_ASSIGN(const bool ids_in_order,
                walk_index(db, indexes->of_ids, "id", &EventKeys::add_id, keys));
  if (!ids_in_order) return none;
  CORTEX_ASSIGN(const bool hashes_in_order,
                walk_index(db, indexes->of_hashes, "event_hash", &EventKeys::add_hash, keys));
  if (!hashes_in_order) return none;
  return std::optional<EventKeys>(keys);
}

}  // namespace

void EventKeys::Sum::add(std::int64_t row_id, std::string_view key) {
  Mixer mixer;
  mixer.add(static_cast<std::uint64_t>(row_id));
  mixer.add(key.size());
  for (; key.size() >= 8; key.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, key.data(), 8);
    mixer.add(word);
  }
  std::uint64_t rest = 0;
  std::memcpy(&rest, key.data(), key.size());
  mixer.add(rest);
  ++entries;
  high += finished(mixer.high);
  low += finished(mixer.low);
}

void EventKeys::join(const EventKeys& other) {
  const auto join_sum = [](Sum& sum, const Sum& more) {
    sum.entries += more.entries;
    sum.high += more.high;
    sum.low += more.low;
  };
  join_sum(ids_, other.ids_);
  join_sum(hashes_, other.hashes_);
}

Result<std::optional<EventKeys>> read_event_indexes(sqlite::Connection& db) {
  auto keys = read_keys(db);
  if (keys.ok()) return keys;
  // Whatever is wrong with the table is found by whoever looks at it row by row.
  if (sqlite::failure_of(keys.error()) == sqlite::Failure::kInterrupted) return keys;
  return std::optional<EventKeys>();
}

}  // namespace cortex::store
