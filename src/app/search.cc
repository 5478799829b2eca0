#include "app/search.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "app/checked_store.h"
#include "app/embedding.h"
#include "app/search_candidates.h"
#include "base/text.h"
#include "base/time.h"
#include "retrieval/embed_stub.h"
#include "retrieval/score_v1_snippet.h"
#include "store/embeddings.h"
#include "store/memories.h"
#include "trust/semantic.h"

namespace cortex::app {
namespace {

constexpr std::uint64_t kAll = std::numeric_limits<std::uint64_t>::max() / 2;

// ---- Semantic similarity

struct QueryVector {
  std::unique_ptr<Embedder> embedder;
  retrieval::Vector vector;
  bool stub = true;
};

// Ollama where it is configured and answers, else the stub.
Result<QueryVector> embed_query(Services& services, const Environment& environment, net::Http& http,
                                const std::string& query, std::vector<std::string>& notes) {
  const EmbeddingChoice choice = embedding_settings(environment, services.fs);
  if (!choice.note.empty()) notes.push_back(choice.note);
  if (choice.settings.ollama) {
    auto ollama = ollama_embedder(choice.settings, http);
    if (ollama.ok()) {
      auto vector = (*ollama)->embed(trim(query), {});
      if (vector.ok()) {
        return QueryVector{std::move(ollama).value(), std::move(vector).value(), false};
      }
    }
  }
  QueryVector query_vector{stub_embedder(), {}, true};
  CORTEX_ASSIGN(query_vector.vector, query_vector.embedder->embed(trim(query), {}));
  return query_vector;
}

Status store_stub_vectors(Services& services, sqlite::Connection& db,
                          std::vector<store::NewVector> made, std::vector<std::string>& notes) {
  if (made.empty()) return {};
  const std::string now = format_rfc3339(services.clock.now(), Offset::kPlus00);
  for (store::NewVector& vector : made) vector.computed_at = now;
  if (const auto put = store::put_vectors(db, made); !put.ok()) {
    notes.push_back(cat("vectors were not stored: ", put.error().text()));
  }
  return {};
}

// The similarity of every hit. Version 1 stores what the stub computes; later ones only read.
Status add_similarity(Services& services, sqlite::Connection& db, const QueryVector& query,
                      int version, std::vector<SearchHit>& hits, std::vector<std::string>& notes) {
  std::vector<std::string> ids;
  ids.reserve(hits.size());
  for (const SearchHit& hit : hits) ids.push_back(hit.id);
  const std::string& backend = query.embedder->backend_id();
  CORTEX_ASSIGN(const auto stored, store::load_vectors(db, backend, ids));
  std::vector<store::NewVector> made;
  for (SearchHit& hit : hits) {
    const auto found = stored.find(hit.id);
    const std::string content = store::embedding_content_hash(hit.claim, hit.tags);
    const bool stale = found != stored.end() && found->second.content_hash &&
                       *found->second.content_hash != content;
    if (found != stored.end() && !found->second.fault.empty()) {
      notes.push_back(cat("the vector of ", hit.id, " cannot be used: ", found->second.fault));
    } else if (found != stored.end() && !stale) {
      const auto vector =
          retrieval::vector_of(found->second.bytes, static_cast<std::size_t>(found->second.dim));
      if (vector) hit.similarity = retrieval::cosine(query.vector, *vector);
    } else if (query.stub) {
      const retrieval::Vector vector = retrieval::stub_vector(hit.claim, hit.tags);
      hit.similarity = retrieval::cosine(query.vector, vector);
      if (version == 1) {
        made.push_back({hit.id, backend, static_cast<std::int64_t>(vector.size()),
                        retrieval::vector_bytes(vector), content, ""});
      }
    }
  }
  return store_stub_vectors(services, db, std::move(made), notes);
}

// ---- Scores

// NaN comes last.
bool scores_higher(float a, float b) {
  if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
  return a > b;
}

void put_in_order(const SearchRequest& request, bool json_of_version_1,
                  std::vector<SearchMatch>& matches) {
  const auto by_score = [](const SearchMatch& a, const SearchMatch& b) {
    return scores_higher(a.score.total, b.score.total);
  };
  if (request.score_version == 1 || request.lexical_order) {
    if (json_of_version_1 && request.semantic) std::ranges::stable_sort(matches, by_score);
    return;
  }
  std::ranges::sort(matches, [&](const SearchMatch& a, const SearchMatch& b) {
    if (by_score(a, b)) return true;
    if (by_score(b, a)) return false;
    return a.memory_id < b.memory_id;
  });
}

Error blank_query() {
  return make_error(Code::kUsage, "the query is blank", "nothing was searched",
                    "give the words to look for");
}

store::ProofDepth proof_depth(const SearchRequest& request) {
  return request.score_version == 1 ? store::ProofDepth::kRows : store::ProofDepth::kHashes;
}

// The matches of the page, in their order: scored ones that may be used. Proofs are looked at from
// the front, a page at a time.
Status fill_page(sqlite::Connection& db, const PointInTime& when, std::vector<SearchMatch> scored,
                 SearchReport& report) {
  const SearchRequest& request = report.request;
  const std::uint64_t wanted = page_size(request);
  const std::size_t step = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, 10'000)) + 1;
  std::uint64_t skipped = 0;
  for (std::size_t at = 0; at < scored.size() && !report.next_offset; at += step) {
    const auto part = std::span(scored).subspan(at, std::min(step, scored.size() - at));
    std::vector<std::string> ids;
    for (const SearchMatch& match : part) ids.push_back(match.memory_id);
    CORTEX_ASSIGN(const auto verdicts, app::judge(db, ids, proof_depth(request), when));
    for (std::size_t i = 0; i < part.size() && !report.next_offset; ++i) {
      if (verdicts[i].left_out) {
        report.left_out.push_back(*verdicts[i].left_out);
      } else if (skipped < request.offset) {
        ++skipped;
      } else if (report.matches.size() == wanted) {
        report.next_offset = request.offset + wanted;
      } else {
        part[i].proof = verdicts[i].proof;
        if (verdicts[i].noted_by_agent) part[i].authority = trust::kAgentAuthority;
        report.matches.push_back(std::move(part[i]));
      }
    }
  }
  return {};
}

Status refuse_if_strict(sqlite::Connection& db, const SearchRequest& request) {
  if (!request.strict) return {};
  std::vector<std::string> active_ids;
  const auto visit = [&](const store::Memory& memory) -> Status {
    active_ids.push_back(memory.id);
    return {};
  };
  CORTEX_ASSIGN(const auto unreadable, store::each_memory(db, {.statuses = {"active"}}, visit));
  if (!unreadable.empty()) {
    const store::UnreadableMemory& row = unreadable.front();
    return make_error(Code::kInternal, cat("memory ", quoted(row.id), " cannot be read: column ",
                                           row.column, ": ", row.reason));
  }
  return refuse_unless_all_usable(db, active_ids, proof_depth(request), "retrieval");
}

json::Value component_json(const retrieval::Component& component) {
  return json::Object{{"contribution", static_cast<double>(component.contribution)},
                      {"raw", static_cast<double>(component.raw)},
                      {"weight", static_cast<double>(component.weight)}};
}

json::Value snippet_json(const retrieval::SnippetV1& snippet) {
  constexpr std::string_view kMark = "[\xE2\x80\xA6]";  // an ellipsis in brackets
  const std::size_t shift = snippet.truncated ? kMark.size() : 0;
  json::Array ranges, in_text;
  for (const auto& [begin, end] : snippet.ranges) {
    ranges.emplace_back(json::Array{begin, end});
    in_text.emplace_back(json::Array{begin + shift, end + shift});
  }
  return json::Object{{"highlight_ranges", std::move(ranges)},
                      {"highlight_ranges_in_text", std::move(in_text)},
                      {"text", cat(snippet.truncated ? kMark : "", snippet.window)},
                      {"truncated", snippet.truncated}};
}

json::Value match_json(const SearchMatch& match, const SearchRequest& request) {
  json::Object out{{"claim", match.claim},
                   {"final_score", static_cast<double>(match.score.total)},
                   {"memory_id", match.memory_id}};
  if (request.semantic) {
    out.add("sem_score", match.similarity ? json::Value(static_cast<double>(*match.similarity))
                                          : json::Value(nullptr));
  }
  if (match.snippet) out.add("snippet", snippet_json(*match.snippet));
  if (!request.explain) return out;
  json::Object explanation;
  for (const retrieval::Component& component : match.score.components) {
    explanation.add(std::string(component.name), component_json(component));
  }
  const Uncertainty uncertainty = uncertainty_of(match);
  out.add("explanation", std::move(explanation));
  out.add("uncertainty", json::Object{{"claim_ceiling", uncertainty.claim_ceiling},
                                      {"proof_state", uncertainty.proof_state},
                                      {"provenance_class", uncertainty.provenance_class},
                                      {"semantic_trust", uncertainty.semantic_trust}});
  return out;
}

}  // namespace

Result<SearchReport> search_memories(Services& services, const Environment& environment,
                                     const Layout& layout, net::Http& http,
                                     const SearchRequest& request) {
  if (is_blank(request.query)) return blank_query();
  SearchReport report;
  report.request = request;
  std::optional<QueryVector> query;
  if (request.semantic) {
    CORTEX_ASSIGN(query, embed_query(services, environment, http, request.query, report.notes));
  }
  CORTEX_ASSIGN(const PointInTime when, point_in_time(services, request.as_of));
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  sqlite::Connection& db = store.connection;
  CORTEX_TRY(refuse_if_strict(db, request));
  CORTEX_ASSIGN(SearchCandidates found, search_candidates(services, db, request, when));
  report.left_out = left_out_of(found.unreadable);
  report.notes.insert(report.notes.end(), found.notes.begin(), found.notes.end());
  if (query) {
    CORTEX_TRY(
        add_similarity(services, db, *query, request.score_version, found.hits, report.notes));
  }
  const bool stub = !query || query->stub;
  std::vector<SearchMatch> scored;
  for (SearchHit& hit : found.hits) {
    SearchMatch match{hit.id,         std::move(hit.claim), score_of(hit, request, stub),
                      hit.similarity, std::nullopt,         hit.authority};
    match.tags = std::move(hit.tags);
    const auto total = static_cast<double>(match.score.total);
    if (!request.min_score || total >= *request.min_score) scored.push_back(std::move(match));
  }
  put_in_order(request, request.json_order, scored);
  CORTEX_TRY(fill_page(db, when, std::move(scored), report));
  if (request.snippet) {
    for (SearchMatch& match : report.matches) {
      match.snippet = retrieval::snippet_v1(match.claim, request.query);
    }
  }
  return report;
}

Result<SearchReport> search_memories(Services& services, const Environment& environment,
                                     const Layout& layout, const SearchRequest& request) {
  return search_memories(services, environment, layout, services.http, request);
}

std::uint64_t page_size(const SearchRequest& request) {
  if (request.score_version == 1) return request.limit.value_or(kAll);
  return std::min(request.limit.value_or(kSearchLimit), kSearchLimitMax);
}

Uncertainty uncertainty_of(const SearchMatch& match) {
  const trust::AuthorityLabels labels = trust::labels_of_authority(match.authority);
  const trust::ClaimCeiling ceiling =
      std::min({trust::ClaimCeiling::kLocalUnsigned, trust::ceiling_of(match.proof),
                trust::ceiling_of(labels.provenance), trust::ceiling_of(labels.trust)});
  return {trust::proof_state_token(match.proof), trust::provenance_token(labels.provenance),
          trust::semantic_trust_token(labels.trust), trust::claim_ceiling_token(ceiling)};
}

json::Value to_json(const SearchReport& report) {
  json::Array matches;
  for (const SearchMatch& match : report.matches) {
    matches.push_back(match_json(match, report.request));
  }
  json::Object out{
      {"claim_ceiling", trust::claim_ceiling_token(trust::ClaimCeiling::kLocalUnsigned)},
      {"exclusions", to_json(report.left_out)},
      {"forbidden_uses",
       json::Array{"compliance_evidence", "cross_system_trust_decision", "external_reporting"}},
      {"match_count", report.matches.size()},
      {"matches", std::move(matches)},
      {"next_offset", json::or_null(report.next_offset)},
      {"query", report.request.query},
      {"score_version", report.request.score_version}};
  if (report.request.as_of) out.add("as_of", *report.request.as_of);
  return json::sorted(std::move(out));
}

}  // namespace cortex::app
