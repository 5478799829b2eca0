// An index of claims by marks: whoever shares a mark may say nearly the same. The marks themselves
// are made elsewhere; here is where they are kept (private table cortex_claim_marks), so that a new
// claim meets its likes without a scan.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::store {

using MarksOf = std::function<std::vector<std::int64_t>(std::string_view claim)>;

// Marks every memory that was added since the last call, by whatever program. O(new memories).
// Needs a write transaction.
Status mark_new_claims(sqlite::Connection& db, const MarksOf& marks_of);

struct MarkedClaim {
  std::string memory_id, status, claim;
};
// Memories that share one of the marks and are neither rejected nor superseded, by id, at most
// `limit`. One query.
Result<std::vector<MarkedClaim>> claims_with_marks(sqlite::Connection& db,
                                                   const std::vector<std::int64_t>& marks,
                                                   std::size_t limit);

}  // namespace cortex::store
