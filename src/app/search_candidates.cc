#include "app/search_candidates.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "app/fuzzy_ranks.h"
#include "app/search_index.h"
#include "base/text.h"
#include "base/time.h"
#include "memory/salience.h"
#include "retrieval/content.h"
#include "retrieval/searcher.h"
#include "sqlite/transaction.h"

namespace cortex::app {
namespace {

constexpr std::uint64_t kFuzzyHitsMin = 16;

std::optional<float> salience(const store::Memory& memory, std::string_view name) {
  const json::Value* value = memory.salience.find(name);
  if (value == nullptr || value->as_number() == nullptr) return std::nullopt;
  return static_cast<float>(json::to_double(*value->as_number()));
}

SearchHit hit_of(const store::Memory& memory, std::vector<std::string> tags, float lexical) {
  constexpr float kNeutral = 0.5F;
  SearchHit hit{.id = memory.id,
                .claim = memory.claim,
                .authority = memory.authority,
                .tags = std::move(tags),
                .input = {},
                .confidence = memory.confidence,
                .lexical = lexical,
                .fuzzy = {},
                .similarity = {},
                .unvalidated_use = memory::used_unvalidated(memory)};
  const auto score = salience(memory, "score");
  hit.input.brightness = score ? *score : salience(memory, "brightness").value_or(kNeutral);
  hit.input.validation = memory.validated() ? 1.0F : 0.0F;
  hit.input.authority_weight = memory.authority == "user" ? 1.0F : kNeutral;
  hit.input.contradiction_risk = salience(memory, "contradiction_risk").value_or(0.0F);
  hit.input.staleness_penalty = salience(memory, "staleness_penalty").value_or(0.0F);
  return hit;
}

std::vector<std::string> statuses_of(const SearchRequest& request) {
  return request.statuses.empty() ? std::vector<std::string>{"active"} : request.statuses;
}

void put_best_first(std::vector<SearchHit>& hits) {
  std::ranges::sort(hits, [](const SearchHit& a, const SearchHit& b) {
    if (a.lexical != b.lexical) return a.lexical > b.lexical;
    return a.id < b.id;
  });
}

// Version 1: one pass over the active memories.
Result<SearchCandidates> scan_memories(sqlite::Connection& db, const SearchRequest& request,
                                       const PointInTime& when) {
  SearchCandidates found;
  const std::vector<std::string> terms = retrieval::ascii_tokens(request.query);
  const auto visit = [&](const store::Memory& memory) -> Status {
    std::vector<std::string> tags = memory.tags();
    const float lexical = retrieval::lexical_match(terms, memory.claim, tags);
    if (lexical > 0.0F) found.hits.push_back(hit_of(memory, std::move(tags), lexical));
    return {};
  };
  CORTEX_ASSIGN(found.unreadable, each_held(db, when, {.tags = request.tags}, visit));
  put_best_first(found.hits);
  return found;
}

// Version 2: the best by the search index, as far as the hybrid score can bring them to the front.
constexpr std::size_t kRankedMin = 200;
// Tags and states are looked at in the rows: so many that do not have them are passed over, the
// first few of them before all the others.
constexpr std::size_t kRankedFiltered = 20'000, kMoreRanked = 8;

std::size_t wanted_of(const SearchRequest& request) {
  return kRankedMin + 4 * (request.offset + page_size(request));
}
bool has_filter(const SearchRequest& request) {
  return !request.tags.empty() || !request.statuses.empty() || request.as_of;
}

// The hits as they were then: claims never change, states and tags do.
Status take_held(sqlite::Connection& db, const SearchRequest& request, const PointInTime& when,
                 std::vector<std::int64_t> row_numbers,
                 std::unordered_map<std::int64_t, float>& lexical, SearchCandidates& found) {
  std::map<std::string, float> scores;
  store::MemoryFilter all;
  all.row_numbers = std::move(row_numbers);
  const auto visit = [&](const store::Memory& memory) -> Status {
    scores.emplace(memory.id, lexical[memory.row_number]);
    return {};
  };
  CORTEX_ASSIGN(found.unreadable, store::each_memory(db, all, visit));
  store::MemoryFilter held{.tags = request.tags};
  held.ids.emplace();
  for (const auto& [id, score] : scores) held.ids->push_back(id);
  if (held.ids->empty()) return {};
  const auto keep = [&](const store::Memory& memory) -> Status {
    found.hits.push_back(hit_of(memory, memory.tags(), scores[memory.id]));
    return {};
  };
  CORTEX_TRY(each_held(db, when, held, keep));  // the pass above has told what is unreadable
  return {};
}

retrieval::SearchRequest index_request(Services& services, const SearchRequest& request,
                                       std::size_t most) {
  retrieval::SearchRequest wanted;
  wanted.query = request.query;
  wanted.now = services.clock.now().seconds;
  wanted.wanted = most;
  if (request.since) wanted.since = request.since->seconds;
  wanted.events = false;
  wanted.active_only = request.statuses.empty() && !request.as_of;
  return wanted;
}

Result<std::vector<retrieval::Ranked>> ask_index(Services& services, sqlite::Connection& db,
                                                 const SearchRequest& request, std::size_t most) {
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kDeferred));
  CORTEX_ASSIGN(auto searcher, retrieval::Searcher::open(db));
  CORTEX_ASSIGN(auto found, searcher.search(index_request(services, request, most)));
  return std::move(found.hits);
}

// The memories of `ranked` that hold what the request asks of their rows.
Status take_ranked(sqlite::Connection& db, const SearchRequest& request, const PointInTime& when,
                   const std::vector<retrieval::Ranked>& ranked, SearchCandidates& found) {
  std::unordered_map<std::int64_t, float> lexical;
  store::MemoryFilter filter{.statuses = statuses_of(request), .tags = request.tags};
  filter.row_numbers.emplace();
  for (const retrieval::Ranked& one : ranked) {
    if (!one.direct) continue;  // none of the words asked for
    filter.row_numbers->push_back(one.ref);
    lexical.emplace(one.ref, one.score / (1.0F + one.score));
  }
  found.hits.clear();
  if (lexical.empty()) return {};
  if (when) return take_held(db, request, when, *std::move(filter.row_numbers), lexical, found);
  const auto visit = [&](const store::Memory& memory) -> Status {
    found.hits.push_back(hit_of(memory, memory.tags(), lexical[memory.row_number]));
    return {};
  };
  CORTEX_ASSIGN(found.unreadable, store::each_memory(db, filter, visit));
  return {};
}

Result<SearchCandidates> ranked_memories(Services& services, sqlite::Connection& db,
                                         const SearchRequest& request, const PointInTime& when) {
  SearchCandidates found;
  IndexKept kept = catch_index_up(db);
  if (!kept.note.empty()) found.notes.push_back(std::move(kept.note));
  const std::size_t wanted = wanted_of(request);
  for (std::size_t most = wanted;;) {
    auto ranked = ask_index(services, db, request, most);
    if (!ranked.ok() && ranked.error().token == retrieval::kCorruptToken) {
      CORTEX_ASSIGN(const std::string mended, mend_index(db));
      found.notes.push_back(cat("the search index: ", mended));
      ranked = ask_index(services, db, request, most);
    }
    if (!ranked.ok()) return ranked.error();
    CORTEX_TRY(take_ranked(db, request, when, *ranked, found));
    const bool all = ranked->size() < most || most >= kRankedFiltered;
    if (all || found.hits.size() >= wanted || !has_filter(request)) break;
    most = std::min(kMoreRanked * most, kRankedFiltered);
  }
  put_best_first(found.hits);
  return found;
}

Status add_fuzzy(sqlite::Connection& db, const SearchRequest& request, SearchCandidates& found) {
  const std::string query = retrieval::fuzzy_query(request.query);
  for (SearchHit& hit : found.hits) hit.fuzzy = 0.0F;
  if (query.empty()) return {};  // nothing that the index could hold
  const std::uint64_t limit = std::max<std::uint64_t>(2 * found.hits.size(), kFuzzyHitsMin);
  CORTEX_ASSIGN(
      const auto ranks,
      fuzzy_ranks(db, query, limit,
                  request.score_version == 1 ? std::vector<std::string>() : statuses_of(request)));
  std::unordered_map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < found.hits.size(); ++i) place.emplace(found.hits[i].id, i);
  std::vector<std::string> others;
  for (const auto& [id, rank] : ranks) {
    if (!place.contains(id)) others.push_back(id);
  }
  std::map<std::string, SearchHit> rows;
  store::MemoryFilter filter{.statuses = statuses_of(request), .tags = request.tags, .ids = others};
  retrieval::Content content;
  const auto visit = [&](const store::Memory& memory) -> Status {
    if (request.since) {
      retrieval::read_claim(memory.claim, content);
      const Timestamp made = parse_strict_rfc3339(memory.created_at).value_or(Timestamp{});
      if (content.said_at.value_or(made.seconds) < request.since->seconds) return {};
    }
    rows.emplace(memory.id, hit_of(memory, memory.tags(), 0.0F));
    return {};
  };
  if (!others.empty()) {
    CORTEX_ASSIGN(const auto unreadable, store::each_memory(db, filter, visit));
    static_cast<void>(unreadable);  // the pass over all active ones has reported them
  }
  for (const auto& [id, rank] : ranks) {
    const float score = request.score_version == 1 ? retrieval::fuzzy_score_v1(rank)
                                                   : retrieval::fuzzy_score_v2(rank);
    if (const auto at = place.find(id); at != place.end()) {
      found.hits[at->second].fuzzy = score;
    } else if (const auto row = rows.find(id); row != rows.end()) {
      row->second.fuzzy = score;
      found.hits.push_back(std::move(row->second));
      rows.erase(row);
    }
  }
  return {};
}

}  // namespace

Result<SearchCandidates> search_candidates(Services& services, sqlite::Connection& db,
                                           const SearchRequest& request, const PointInTime& when) {
  CORTEX_ASSIGN(SearchCandidates found, request.score_version == 1
                                            ? scan_memories(db, request, when)
                                            : ranked_memories(services, db, request, when));
  if (request.fuzzy) CORTEX_TRY(add_fuzzy(db, request, found));
  return found;
}

// Version 2 gives similarity and domains their own components instead of hiding them in the lexical
// one; the stub's noise has no part in it.
retrieval::Score score_of(const SearchHit& hit, const SearchRequest& request, bool stub) {
  retrieval::ScoreInput input = hit.input;
  retrieval::LexicalInput lexical{hit.lexical, std::nullopt, std::nullopt, false};
  if (request.fuzzy) lexical.fuzzy = hit.fuzzy.value_or(0.0F);
  if (request.score_version == 1) {
    lexical.semantic_asked = request.semantic;
    lexical.semantic = hit.similarity;
  } else {
    if (request.semantic && !stub) input.semantic_similarity = hit.similarity.value_or(0.0F);
    input.domain_overlap = retrieval::domain_overlap(request.tags, hit.tags);
  }
  input.lexical_match = retrieval::effective_lexical(lexical);
  return retrieval::hybrid_score(input);
}

}  // namespace cortex::app
