#include "app/recall.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "app/open_store.h"
#include "app/recall_hits.h"
#include "app/search_index.h"
#include "app/time_flag.h"
#include "base/join.h"
#include "base/text.h"
#include "retrieval/index_schema.h"
#include "retrieval/index_writer.h"
#include "retrieval/searcher.h"
#include "retrieval/static_model.h"
#include "retrieval/vector_index.h"
#include "sqlite/transaction.h"
#include "store/open.h"

namespace cortex::app {
namespace {

constexpr std::size_t kBytesPerToken = 4;

Error recall_refused(std::string message, std::string next) {
  return make_error(Code::kUsage, std::move(message), "no state was changed", std::move(next));
}

using FlagReader = std::function<std::optional<std::string>(std::string_view)>;

Result<std::optional<std::size_t>> count_flag(const FlagReader& flag, std::string_view name,
                                              std::size_t least) {
  const auto text = flag(name);
  if (!text) return std::optional<std::size_t>();
  std::size_t value = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (fault != std::errc() || end != text->data() + text->size() || value < least) {
    return recall_refused(cat("--", name, " ", quoted(*text), " is no number that it takes"),
                          cat("give a whole number of at least ", least));
  }
  return std::optional(value);
}

Status read_times(const FlagReader& flag, RecallRequest& request) {
  const std::pair<std::string_view, std::optional<Timestamp>*> times[] = {
      {"since", &request.since}, {"until", &request.until}, {"as-of", &request.as_of}};
  for (const auto& [name, slot] : times) {
    const auto text = flag(name);
    if (!text) continue;
    CORTEX_ASSIGN(*slot, time_flag(name, *text));
  }
  return {};
}

std::optional<std::int64_t> seconds(const std::optional<Timestamp>& time) {
  if (!time) return std::nullopt;
  return time->seconds;
}

// Bytes of a hit in the envelope, which is printed with two blanks a level, three levels deep.
std::size_t printed_bytes(const RecallHit& hit) {
  constexpr std::size_t kIndent = 6;
  const std::string text = json::write_pretty(to_json(hit));
  const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  return text.size() + lines * (kIndent + 1);
}

// Hits as far as the budget reaches.
void fit_budget(std::vector<RecallHit> hits, const RecallRequest& request, bool more,
                RecallReport& report) {
  std::size_t bytes = 2;
  for (RecallHit& hit : hits) {
    const std::size_t size = printed_bytes(hit);
    const std::size_t tokens = (bytes + size + kBytesPerToken - 1) / kBytesPerToken;
    if (request.budget_tokens && tokens > *request.budget_tokens) {
      more = true;
      break;
    }
    bytes += size;
    report.hits.push_back(std::move(hit));
  }
  report.estimated_tokens = (bytes + kBytesPerToken - 1) / kBytesPerToken;
  if (more && report.hits.empty()) report.notes.emplace_back("not even one hit fits the budget");
  if (more) report.next_offset = request.offset + report.hits.size();
}

void note_query(const retrieval::Query& query, RecallReport& report) {
  if (query.cut) {
    report.notes.push_back(cat("only the first ", retrieval::kQueryBytesMax,
                               " bytes of the question were searched for"));
  }
  if (query.only_small_words) {
    report.notes.emplace_back("the question has only words that are everywhere; add a telling one");
  } else if (query.terms.empty()) {
    report.notes.emplace_back("the question has no words");
  }
}

// Searches one state of the store, which stays the same until this returns.
Status search(sqlite::Connection& db, Services& services, const RecallRequest& request,
              retrieval::StaticModel* vectors, RecallReport& report) {
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kDeferred));
  CORTEX_ASSIGN(auto searcher, retrieval::Searcher::open(db));
  retrieval::SearchRequest wanted;
  wanted.query = request.query;
  wanted.now = services.clock.now().seconds;
  wanted.wanted = request.offset + request.limit + 1;
  wanted.session = request.session;
  wanted.source = request.source;
  wanted.since = seconds(request.since);
  wanted.until = seconds(request.until);
  wanted.as_of = seconds(request.as_of);
  wanted.events = request.events;
  wanted.memories = request.memories;
  wanted.vectors = vectors;
  auto searched = searcher.search(wanted);
  if (!searched.ok() && searched.error().token == retrieval::kVectorsToken) {
    report.notes.push_back(cat(searched.error().message, ": searched without vectors"));
    wanted.vectors = nullptr;
    searched = searcher.search(wanted);
  }
  CORTEX_ASSIGN(auto found, std::move(searched));
  if (found.unindexed > 0) {
    report.notes.push_back(cat(counted(found.unindexed, "row"),
                               " not in the search index yet: searched in the tables"));
  }
  if (wanted.vectors != nullptr && !found.vectors) {
    report.notes.emplace_back(
        "no vectors were compared: the model knows no word of the question, or the store has none");
  }
  note_query(found.query, report);
  std::vector<retrieval::Ranked>& ranked = found.hits;
  const bool more = ranked.size() > request.offset + request.limit;
  ranked.erase(ranked.begin(), ranked.begin() + static_cast<std::ptrdiff_t>(
                                                    std::min(request.offset, ranked.size())));
  if (ranked.size() > request.limit) ranked.resize(request.limit);
  CORTEX_ASSIGN(auto hits, load_hits(db, searcher.analyzer(), found, ranked, request.explain));
  fit_budget(std::move(hits), request, more, report);
  return {};
}

RecallReport fresh(const RecallRequest& request) {
  RecallReport report;
  report.query = request.query;
  return report;
}

// A store that cannot be written is searched as it is.
Result<RecallReport> recall_read_only(Services& services, const Layout& layout,
                                      const RecallRequest& request, retrieval::StaticModel* vectors,
                                      const std::string& why) {
  RecallReport report;
  const auto look = [&](sqlite::Connection& db) -> Status {
    report = fresh(request);
    report.notes.push_back(cat("the store was searched as it is: ", why));
    return search(db, services, request, vectors, report);
  };
  CORTEX_TRY(store::inspect(services.fs, layout.db_path, look));
  return report;
}

// The static model that is configured, or nothing.
Result<std::optional<retrieval::StaticModel>> find_vectors(Services& services, const Layout& layout,
                                                           const RecallRequest& request) {
  const auto& folder = request.vectors ? request.vectors : layout.vectors;
  if (!folder) return std::optional<retrieval::StaticModel>();
  CORTEX_ASSIGN(auto model, retrieval::StaticModel::open(services.fs, *folder));
  return std::optional(std::move(model));
}

bool is_damage(const Error& error) { return error.token == retrieval::kCorruptToken; }

// Builds a damaged index anew.
Status mend(sqlite::Connection& db) {
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate));
  CORTEX_TRY(retrieval::rebuild_index(db));
  return transaction.commit();
}

}  // namespace

Result<RecallRequest> make_recall_request(std::string query, const FlagReader& flag) {
  RecallRequest request;
  request.query = std::move(query);
  if (is_blank(request.query)) {
    return recall_refused("the question is empty", "say what to look for, in plain words");
  }
  CORTEX_ASSIGN(const auto limit, count_flag(flag, "limit", 1));
  CORTEX_ASSIGN(const auto offset, count_flag(flag, "offset", 0));
  CORTEX_ASSIGN(request.budget_tokens, count_flag(flag, "budget-tokens", 1));
  request.limit = std::min(limit.value_or(request.limit), kRecallLimitMax);
  request.offset = std::min(offset.value_or(0), std::size_t{1} << 30U);
  request.session = flag("session");
  request.source = flag("source");
  CORTEX_TRY(read_times(flag, request));
  const std::string kind = flag("kind").value_or("all");
  if (std::ranges::find(kRecallKinds, kind) == std::end(kRecallKinds)) {
    return recall_refused(cat("--kind ", quoted(kind), " is none that recall knows"),
                          cat("give ", join(kRecallKinds, ", ")));
  }
  request.events = kind != "memories";
  request.memories = kind != "events";
  request.explain = flag("explain").has_value();
  request.vectors = flag("vectors");
  return request;
}

Result<RecallReport> recall(Services& services, const Layout& layout,
                            const RecallRequest& request) {
  CORTEX_TRY(require_store(services, layout));
  CORTEX_ASSIGN(auto model, find_vectors(services, layout, request));
  retrieval::StaticModel* const vectors = model ? &*model : nullptr;
  auto store = open_store(services, layout);
  if (!store.ok()) {
    return recall_read_only(services, layout, request, vectors, store.error().message);
  }
  sqlite::Connection& db = store->connection;
  RecallReport report;
  // Notes are about the index as it is searched: what was wrong before it was built anew is left
  // out.
  const auto search_with = [&](std::string about_index) {
    report = fresh(request);
    const auto note = [&](std::string text) {
      if (!text.empty()) report.notes.push_back(std::move(text));
    };
    note(store->mirror_note);
    note(std::move(about_index));
    if (vectors != nullptr) note(catch_vectors_up(db, *vectors));
    return search(db, services, request, vectors, report);
  };
  IndexKept kept = catch_index_up(db);
  Status searched = search_with(kept.rebuilt ? "the search index was built anew" : kept.note);
  if (!searched.ok() && is_damage(searched.error())) {
    CORTEX_TRY(mend(db));
    searched = search_with(cat(searched.error().message, "; it was built anew"));
  }
  CORTEX_TRY(std::move(searched));
  return report;
}

json::Value to_json(const RecallReport& report) {
  json::Array hits;
  for (const RecallHit& hit : report.hits) hits.push_back(to_json(hit));
  json::Object out{{"query", report.query},
                   {"hit_count", report.hits.size()},
                   {"hits", std::move(hits)},
                   {"next_offset", json::or_null(report.next_offset)},
                   {"score_version", 2},
                   {"estimated_tokens", report.estimated_tokens},
                   {"notes", json::array_of(report.notes)}};
  return out;
}

}  // namespace cortex::app
