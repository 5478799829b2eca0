// A search over one state of the store: the index, and behind it whatever the tables hold that the
// index does not know yet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "retrieval/index_reader.h"
#include "retrieval/query.h"
#include "retrieval/rank.h"
#include "retrieval/static_model.h"
#include "sqlite/connection.h"

namespace cortex::retrieval {

struct SearchRequest {
  std::string_view query;
  std::int64_t now = 0;  // Unix seconds
  std::size_t wanted = 10;
  std::optional<std::string> session, source;  // source: "tool", "tool:git" or "git"
  std::optional<std::int64_t> since, until, as_of;
  bool events = true, memories = true;
  bool active_only = true;
  StaticModel* vectors = nullptr;  // compares vectors too
};

struct SearchResult {
  Query query;
  std::vector<Ranked> hits;
  std::vector<Term> terms;      // of the question
  std::vector<Term> related;    // said where they are asked for
  std::uint64_t unindexed = 0;  // rows that were read from the tables
  bool vectors = false;         // vectors were compared
  Work work;
};

class Searcher {
 public:
  // Needs an open read transaction of the caller, which must stay open. Costs O(rows that are not
  // indexed) beside the index's own tail.
  static Result<Searcher> open(sqlite::Connection& db);

  Result<SearchResult> search(const SearchRequest& request, const Weights& weights = {});
  Analyzer& analyzer() { return *analyzer_; }

 private:
  Searcher(sqlite::Connection& db, IndexReader reader)
      : db_(&db), reader_(std::move(reader)), analyzer_(std::make_unique<Analyzer>()) {}
  Status add_unindexed(const std::optional<IndexState>& state, DocumentMaker& maker);
  Result<std::vector<float>> likeness(const SearchRequest& request);
  Result<bool> resolve(const SearchRequest& request, Filter& filter);

  sqlite::Connection* db_;
  IndexReader reader_;
  std::unique_ptr<Analyzer> analyzer_;
  std::uint64_t unindexed_ = 0;
};

}  // namespace cortex::retrieval
