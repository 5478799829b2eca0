// How many active memories there are, and of those that deserve a look: counted as they are
// written, not when somebody asks.
//
// Private table cortex_memory_tally: one row for each confidence (in hundredths), day of creation,
// number of uses (6: more than 5) and validated or not, kept by triggers whoever writes. A limit
// that falls inside a hundredth or a day is answered from there for all others, and from an index
// for that one.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

struct HealthLimits {
  double confidence_below = 0.5;
  std::string created_before;  // as columns hold times
  bool unvalidated_only = false;
};

enum class HealthKind : std::uint8_t {
  kLowConfidence,
  kNeverValidated,
  kOlder,
  kNoOutcome,
  kWeakNegative,  // used more than 5 times and never validated
  kContradicted,  // an open contradiction names it
};

inline constexpr std::size_t kHealthKinds = 6;

// One value for each kind.
template <class T>
struct ByHealthKind {
  std::array<T, kHealthKinds> values{};

  T& operator[](HealthKind kind) { return values[static_cast<std::size_t>(kind)]; }
  const T& operator[](HealthKind kind) const { return values[static_cast<std::size_t>(kind)]; }
};

struct HealthCounts {
  std::uint64_t total = 0;  // `unvalidated_only` does not narrow it
  ByHealthKind<std::uint64_t> of;
};

// O(rows of the tally, memories of one hundredth and of one day, open contradictions): three
// queries.
Result<HealthCounts> count_health(sqlite::Connection& db, const HealthLimits& limits);
Result<std::uint64_t> count_active(sqlite::Connection& db);

// Ids of one kind in the order of the table. `count`: how many there are of it, which decides
// whether to look among all or to look them up. One query; none for an empty page.
struct IdPage {
  std::uint64_t count = 0, limit = 0, offset = 0;
};
Result<std::vector<std::string>> health_ids(sqlite::Connection& db, HealthKind kind,
                                            const HealthLimits& limits, const IdPage& page);

}  // namespace cortex::store
