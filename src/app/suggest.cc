#include "app/suggest.h"

#include <algorithm>
#include <map>
#include <utility>

#include "app/checked_store.h"
#include "app/eligibility.h"
#include "app/fuzzy_ranks.h"
#include "base/text.h"
#include "retrieval/score_v1.h"
#include "store/memories.h"

namespace cortex::app {
namespace {

// Ids with their score, best first.
using NearIds = std::vector<std::pair<std::string, std::optional<float>>>;

Result<NearIds> most_confident(sqlite::Connection& db, std::size_t limit) {
  CORTEX_ASSIGN(auto found, db.prepare("SELECT id FROM memories WHERE status = 'active' ORDER BY "
                                       "confidence DESC, updated_at DESC, id LIMIT ?1"));
  CORTEX_TRY(found.bind(1, static_cast<std::int64_t>(limit)));
  NearIds out;
  for (;;) {
    CORTEX_ASSIGN(const bool more, found.step());
    if (!more) return out;
    out.emplace_back(found.column_text(0), std::nullopt);
  }
}

Result<NearIds> best_matches(sqlite::Connection& db, const std::string& text, std::size_t limit) {
  NearIds out;
  const std::string query = retrieval::fuzzy_query(text);
  if (query.empty()) return out;
  CORTEX_ASSIGN(const FuzzyRanks ranks, fuzzy_ranks(db, query, limit, {"active"}));
  for (const auto& [id, rank] : ranks) out.emplace_back(id, retrieval::fuzzy_score_v2(rank));
  return out;
}

Result<std::map<std::string, store::Memory>> rows_of(sqlite::Connection& db,
                                                     const std::vector<std::string>& ids) {
  CORTEX_ASSIGN(store::MemoryPage page,
                store::page_of_memories(db, {.statuses = {"active"}, .ids = ids}));
  std::map<std::string, store::Memory> rows;
  for (store::Memory& memory : page.rows) rows.emplace(memory.id, std::move(memory));
  return rows;
}

}  // namespace

Result<SuggestReport> suggest(Services& services, const Layout& layout,
                              const SuggestRequest& request) {
  SuggestReport report;
  if (request.query && !is_blank(*request.query)) report.query = trim(*request.query);
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  sqlite::Connection& db = store.connection;
  if (request.limit == 0) return report;
  const std::size_t looked_at = std::max(4 * request.limit, request.limit + 10);
  NearIds candidates;
  if (report.query) {
    CORTEX_ASSIGN(candidates, best_matches(db, *report.query, looked_at));
  } else {
    CORTEX_ASSIGN(candidates, most_confident(db, looked_at));
  }
  std::vector<std::string> ids;
  for (const auto& [id, score] : candidates) ids.push_back(id);
  CORTEX_ASSIGN(const auto verdicts, judge(db, ids, store::ProofDepth::kHashes));
  CORTEX_ASSIGN(const auto rows, rows_of(db, ids));
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto row = rows.find(ids[i]);
    if (verdicts[i].left_out || row == rows.end()) continue;
    const auto confidence = static_cast<float>(row->second.confidence);
    report.suggestions.push_back(
        {ids[i], row->second.claim, confidence, candidates[i].second.value_or(confidence)});
    if (report.suggestions.size() == request.limit) break;
  }
  return report;
}

json::Object to_json(const SuggestReport& report) {
  json::Array suggestions;
  for (const Suggestion& one : report.suggestions) {
    suggestions.emplace_back(json::Object{{"claim", one.claim},
                                          {"memory_id", one.memory_id},
                                          {"salience", static_cast<double>(one.confidence)},
                                          {"score", static_cast<double>(one.score)}});
  }
  return {{"query_used", json::or_null(report.query)}, {"suggestions", std::move(suggestions)}};
}

}  // namespace cortex::app
