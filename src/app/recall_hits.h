// Ranked documents as hits: their rows, snippets, labels.
#pragma once

#include <vector>

#include "app/recall.h"
#include "retrieval/searcher.h"
#include "sqlite/connection.h"

namespace cortex::app {

// The hits in the order of `ranked`; rows that are gone are left out. Two queries, whatever their
// number.
Result<std::vector<RecallHit>> load_hits(sqlite::Connection& db, retrieval::Analyzer& analyzer,
                                         const retrieval::SearchResult& found,
                                         const std::vector<retrieval::Ranked>& ranked,
                                         bool explain);

json::Value to_json(const RecallHit& hit);

}  // namespace cortex::app
