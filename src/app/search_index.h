// The search index beside the mirror: every transaction that mirrors ledger rows or projects
// operations brings it up to date before it commits.
#pragma once

#include <string>

#include "base/result.h"
#include "retrieval/static_model.h"
#include "sqlite/connection.h"

namespace cortex::app {

// Inside the caller's write transaction. What it cannot do is undone and told: the index only lags
// then, searches read the rest from the tables, and the next call tries again. Empty: it is up to
// date.
std::string keep_index(sqlite::Connection& db);

// In a transaction of its own, when there is something to do.
struct IndexKept {
  bool rebuilt = false;
  std::string note;  // why it lags, or empty
};
IndexKept catch_index_up(sqlite::Connection& db);

// The same for the vectors of a model, behind the index: empty, or why they lag.
std::string catch_vectors_up(sqlite::Connection& db, retrieval::StaticModel& model);

// For `doctor`: checks the index against the tables and builds it anew when it is not sound.
Result<std::string> mend_index(sqlite::Connection& db);  // what was done, "in order" for nothing

}  // namespace cortex::app
