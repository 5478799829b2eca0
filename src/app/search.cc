#include "app/search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>
#include <utility>

#include "app/checked_store.h"
#include "base/text.h"
#include "base/time.h"
#include "retrieval/embed_stub.h"
#include "retrieval/score_v1_snippet.h"
#include "store/embeddings.h"
#include "store/memories.h"
#include "trust/semantic.h"

namespace cortex::app {
namespace {

constexpr std::uint64_t kFuzzyHitsMin = 16;

// What is kept of a memory that matched.
struct Hit {
  std::string id, claim, authority;
  std::vector<std::string> tags;
  retrieval::ScoreInput input;  // without the lexical part
  float lexical = 0;
  std::optional<float> fuzzy, similarity;
};

struct Found {
  std::vector<Hit> hits;
  std::vector<std::string> active_ids;  // with `strict` only
  std::vector<store::UnreadableMemory> unreadable;
};

std::optional<float> salience(const store::Memory& memory, std::string_view name) {
  const json::Value* value = memory.salience.find(name);
  if (value == nullptr || value->as_number() == nullptr) return std::nullopt;
  return static_cast<float>(json::to_double(*value->as_number()));
}

Hit hit_of(const store::Memory& memory, std::vector<std::string> tags, float lexical) {
  constexpr float kNeutral = 0.5F;
  Hit hit{memory.id, memory.claim, memory.authority, std::move(tags), {}, lexical, {}, {}};
  const auto score = salience(memory, "score");
  hit.input.brightness = score ? *score : salience(memory, "brightness").value_or(kNeutral);
  hit.input.validation = memory.validated() ? 1.0F : 0.0F;
  hit.input.authority_weight = memory.authority == "user" ? 1.0F : kNeutral;
  hit.input.contradiction_risk = salience(memory, "contradiction_risk").value_or(0.0F);
  hit.input.staleness_penalty = salience(memory, "staleness_penalty").value_or(0.0F);
  return hit;
}

// One pass over the active memories.
Result<Found> find_lexical(sqlite::Connection& db, const SearchRequest& request,
                           const std::vector<std::string>& terms) {
  Found found;
  store::MemoryFilter filter{.statuses = {"active"}};
  if (!request.strict) filter.tags = request.tags;
  const auto visit = [&](const store::Memory& memory) -> Status {
    if (request.strict) found.active_ids.push_back(memory.id);
    std::vector<std::string> tags = memory.tags();
    const auto has = [&tags](const std::string& tag) {
      return std::ranges::find(tags, tag) != tags.end();
    };
    if (!std::ranges::all_of(request.tags, has)) return {};
    const float lexical = retrieval::lexical_match(terms, memory.claim, tags);
    if (lexical > 0.0F) found.hits.push_back(hit_of(memory, std::move(tags), lexical));
    return {};
  };
  CORTEX_ASSIGN(found.unreadable, store::each_memory(db, filter, visit));
  std::ranges::sort(found.hits, [](const Hit& a, const Hit& b) {
    if (a.lexical != b.lexical) return a.lexical > b.lexical;
    return a.id < b.id;
  });
  return found;
}

// Ranks of the full-text index, best first. Version 1 lets rows that are not active use up the
// limit, as reference 0.1.2 does.
Result<std::vector<std::pair<std::string, float>>> fuzzy_ranks(sqlite::Connection& db,
                                                               const std::string& query,
                                                               std::uint64_t limit, int version) {
  const std::string active =
      version == 1 ? ""
                   : " AND EXISTS (SELECT 1 FROM memories m WHERE m.id = memory_id AND m.status = "
                     "'active')";
  CORTEX_ASSIGN(auto found,
                db.prepare(cat("SELECT memory_id, rank FROM memories_fts WHERE memories_fts "
                               "MATCH ?1",
                               active, " ORDER BY rank LIMIT ?2")));
  CORTEX_TRY(found.bind_all(std::string_view(query), limit));
  std::vector<std::pair<std::string, float>> ranks;
  for (;;) {
    CORTEX_ASSIGN(const bool more, found.step());
    if (!more) return ranks;
    ranks.emplace_back(found.column_text(0), static_cast<float>(found.column_double(1)));
  }
}

Status add_fuzzy(sqlite::Connection& db, const SearchRequest& request, Found& found) {
  const std::string query = retrieval::fuzzy_query(request.query);
  for (Hit& hit : found.hits) hit.fuzzy = 0.0F;
  if (query.empty()) return {};  // nothing that the index could hold
  const std::uint64_t limit = std::max<std::uint64_t>(2 * found.hits.size(), kFuzzyHitsMin);
  CORTEX_ASSIGN(const auto ranks, fuzzy_ranks(db, query, limit, request.score_version));
  std::unordered_map<std::string, std::size_t> place;
  for (std::size_t i = 0; i < found.hits.size(); ++i) place.emplace(found.hits[i].id, i);
  std::vector<std::string> others;
  for (const auto& [id, rank] : ranks) {
    if (!place.contains(id)) others.push_back(id);
  }
  std::map<std::string, Hit> rows;
  store::MemoryFilter filter{.statuses = {"active"}, .tags = request.tags, .ids = others};
  const auto visit = [&rows](const store::Memory& memory) -> Status {
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
                      int version, std::vector<Hit>& hits, std::vector<std::string>& notes) {
  std::vector<std::string> ids;
  for (const Hit& hit : hits) ids.push_back(hit.id);
  const std::string& backend = query.embedder->backend_id();
  CORTEX_ASSIGN(const auto stored, store::load_vectors(db, backend, ids));
  std::vector<store::NewVector> made;
  for (Hit& hit : hits) {
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

// Version 2 gives similarity and domains their own components instead of hiding them in the lexical
// one; the stub's noise has no part in it.
retrieval::Score score_of(const Hit& hit, const SearchRequest& request, bool stub) {
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

Status keep_usable(sqlite::Connection& db, const SearchRequest& request, std::vector<Hit>& hits,
                   SearchReport& report, std::vector<trust::ProofState>& proofs) {
  const auto depth =
      request.score_version == 1 ? store::ProofDepth::kRows : store::ProofDepth::kHashes;
  std::vector<std::string> ids;
  for (const Hit& hit : hits) ids.push_back(hit.id);
  CORTEX_ASSIGN(const auto verdicts, judge(db, ids, depth));
  std::vector<Hit> usable;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    if (verdicts[i].left_out) {
      report.left_out.push_back(*verdicts[i].left_out);
    } else {
      proofs.push_back(verdicts[i].proof);
      usable.push_back(std::move(hits[i]));
    }
  }
  hits = std::move(usable);
  return {};
}

Status refuse_if_strict(sqlite::Connection& db, const SearchRequest& request, const Found& found) {
  if (!request.strict) return {};
  if (!found.unreadable.empty()) {
    const store::UnreadableMemory& row = found.unreadable.front();
    return make_error(Code::kInternal, cat("memory ", quoted(row.id), " cannot be read: column ",
                                           row.column, ": ", row.reason));
  }
  const auto depth =
      request.score_version == 1 ? store::ProofDepth::kRows : store::ProofDepth::kHashes;
  return refuse_unless_all_usable(db, found.active_ids, depth, "retrieval");
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
  if (trim(request.query).empty()) return blank_query();
  SearchReport report{request, {}, {}, {}};
  std::optional<QueryVector> query;
  if (request.semantic) {
    CORTEX_ASSIGN(query, embed_query(services, environment, http, request.query, report.notes));
  }
  CORTEX_ASSIGN(StoreAtWork store, open_checked_store(services, layout));
  sqlite::Connection& db = store.connection;
  CORTEX_ASSIGN(Found found, find_lexical(db, request, retrieval::ascii_tokens(request.query)));
  CORTEX_TRY(refuse_if_strict(db, request, found));
  report.left_out = left_out_of(found.unreadable);
  if (request.fuzzy) CORTEX_TRY(add_fuzzy(db, request, found));
  std::vector<trust::ProofState> proofs;
  CORTEX_TRY(keep_usable(db, request, found.hits, report, proofs));
  if (query) {
    CORTEX_TRY(
        add_similarity(services, db, *query, request.score_version, found.hits, report.notes));
  }
  const bool stub = !query || query->stub;
  for (std::size_t i = 0; i < found.hits.size(); ++i) {
    Hit& hit = found.hits[i];
    SearchMatch match{hit.id,         std::move(hit.claim), score_of(hit, request, stub),
                      hit.similarity, std::nullopt,         hit.authority,
                      proofs[i]};
    report.matches.push_back(std::move(match));
  }
  put_in_order(request, request.json_order, report.matches);
  if (request.limit && report.matches.size() > *request.limit) {
    report.matches.resize(static_cast<std::size_t>(*request.limit));
  }
  if (request.snippet) {
    for (SearchMatch& match : report.matches) {
      match.snippet = retrieval::snippet_v1(match.claim, request.query);
    }
  }
  return report;
}

Result<SearchReport> search_memories(Services& services, const Environment& environment,
                                     const Layout& layout, const SearchRequest& request) {
  return search_memories(services, environment, layout, net::system_http(), request);
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
  return json::sorted(json::Object{
      {"claim_ceiling", trust::claim_ceiling_token(trust::ClaimCeiling::kLocalUnsigned)},
      {"exclusions", to_json(report.left_out)},
      {"forbidden_uses",
       json::Array{"compliance_evidence", "cross_system_trust_decision", "external_reporting"}},
      {"match_count", report.matches.size()},
      {"matches", std::move(matches)},
      {"query", report.request.query},
      {"score_version", report.request.score_version}});
}

}  // namespace cortex::app
