// Where `memory search` gets its candidates from: version 1 looks at every active memory, version 2
// asks the search index (docs/search.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/held_memories.h"
#include "app/search.h"
#include "app/services.h"
#include "base/result.h"
#include "retrieval/score_v1.h"
#include "sqlite/connection.h"
#include "store/memories.h"

namespace cortex::app {

// A memory that may match, and what of its score is known.
struct SearchHit {
  std::string id, claim, authority;
  std::vector<std::string> tags;
  retrieval::ScoreInput input;  // without the lexical part
  double confidence = 0;
  float lexical = 0;  // 0..1
  std::optional<float> fuzzy, similarity;
  bool unvalidated_use = false;  // memory::used_unvalidated(), of the moment that is asked about
};

struct SearchCandidates {
  std::vector<SearchHit> hits;  // best `lexical` first, then by id; those of --fuzzy behind them
  std::vector<store::UnreadableMemory> unreadable;
  std::vector<std::string> notes;
};

// With version 1: O(active memories), one query. Else O(postings of the query's words) and a
// constant number of queries; `relevance / (1 + relevance)` is the lexical part, where relevance is
// the score of recall. With `when` the memories that held then.
Result<SearchCandidates> search_candidates(Services& services, sqlite::Connection& db,
                                           const SearchRequest& request, const PointInTime& when);

// The hybrid score of a hit. `stub`: its similarity is that of the stub, which version 2 does not
// count.
retrieval::Score score_of(const SearchHit& hit, const SearchRequest& request, bool stub);

}  // namespace cortex::app
