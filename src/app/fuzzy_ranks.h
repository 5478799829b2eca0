// The full-text index of memories as it ranks the words of a question.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "sqlite/connection.h"

namespace cortex::app {

// {memory id, rank}, best first; smaller ranks are better. `query`: from retrieval::fuzzy_query(),
// not empty. `statuses`: of the memories; none: any, so that all of them use up the limit, as in
// reference 0.1.2. One query.
using FuzzyRanks = std::vector<std::pair<std::string, float>>;
Result<FuzzyRanks> fuzzy_ranks(sqlite::Connection& db, const std::string& query,
                               std::uint64_t limit, const std::vector<std::string>& statuses);

}  // namespace cortex::app
