#include "app/fuzzy_ranks.h"

#include "base/text.h"
#include "json/value.h"

namespace cortex::app {

Result<FuzzyRanks> fuzzy_ranks(sqlite::Connection& db, const std::string& query,
                               std::uint64_t limit, const std::vector<std::string>& statuses) {
  constexpr std::string_view kWanted =
      " AND EXISTS (SELECT 1 FROM memories m WHERE m.id = memory_id AND m.status IN"
      " (SELECT value FROM json_each(?3)))";
  CORTEX_ASSIGN(
      auto found,
      db.prepare(cat("SELECT memory_id, rank FROM memories_fts WHERE memories_fts "
                     "MATCH ?1",
                     statuses.empty() ? std::string_view() : kWanted, " ORDER BY rank LIMIT ?2")));
  CORTEX_TRY(found.bind_all(std::string_view(query), limit));
  if (!statuses.empty()) {
    CORTEX_TRY(found.bind(3, json::array_text(statuses)));
  }
  FuzzyRanks ranks;
  for (;;) {
    CORTEX_ASSIGN(const bool more, found.step());
    if (!more) return ranks;
    ranks.emplace_back(found.column_text(0), static_cast<float>(found.column_double(1)));
  }
}

}  // namespace cortex::app
