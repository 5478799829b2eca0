// `memory search`: active memories that match a query, with what is known of each (docs/formats.md,
// "Search").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/eligibility.h"
#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "base/time.h"
#include "json/value.h"
#include "retrieval/score_v1.h"
#include "retrieval/score_v1_snippet.h"

namespace cortex::app {

struct SearchRequest {
  std::string query;
  std::vector<std::string> tags{};  // all of them must be there
  bool explain = false, fuzzy = false, semantic = false, snippet = false;
  bool strict = false;         // refuse everything where one memory may not be used
  bool lexical_order = false;  // the order of version 1 with the scores of the version asked for
  int score_version = 2;       // 1: as reference 0.1.2
  bool json_order = false;     // version 1 orders its JSON by score with --semantic, its text not
  std::optional<std::uint64_t> limit{};  // none: kSearchLimit with version 2, all with version 1
  std::uint64_t offset = 0;
  std::optional<double> min_score{};    // of the final score
  std::optional<Timestamp> since{};     // version 2: said or made at or after
  std::vector<std::string> statuses{};  // version 2; none: active
  // What was believed then, as typed. Not with `fuzzy`, `strict` and `statuses`: those know now.
  std::optional<std::string> as_of{};
};

inline constexpr std::uint64_t kSearchLimit = 10;
inline constexpr std::uint64_t kSearchLimitMax = 10'000;

// How many matches one reply of version 2 has at most.
std::uint64_t page_size(const SearchRequest& request);

struct SearchMatch {
  std::string memory_id, claim;
  retrieval::Score score;
  std::optional<float> similarity{};  // with --semantic, when there is one
  std::optional<retrieval::SnippetV1> snippet{};
  std::string authority;
  trust::ProofState proof = trust::ProofState::kUnknown;
  std::vector<std::string> tags{};
};

struct SearchReport {
  SearchRequest request;
  std::vector<SearchMatch> matches;
  std::vector<LeftOut> left_out;               // of those that would have been among the matches
  std::optional<std::uint64_t> next_offset{};  // there are more
  std::vector<std::string> notes;              // what did not go as asked, for stderr
};

// `http` is only used when Ollama is configured. Errors: kUsage (blank query), those of opening the
// store, kPrecondition with `strict`. Version 1: O(active memories). Version 2: O(postings of the
// query's words), a constant number of queries.
Result<SearchReport> search_memories(Services& services, const Environment& environment,
                                     const Layout& layout, net::Http& http,
                                     const SearchRequest& request);
// The same over the system's network.
Result<SearchReport> search_memories(Services& services, const Environment& environment,
                                     const Layout& layout, const SearchRequest& request);

// What may be said of a hit, by its authority and proof.
struct Uncertainty {
  std::string_view proof_state, provenance_class, semantic_trust, claim_ceiling;
};
Uncertainty uncertainty_of(const SearchMatch& match);

// Members sorted.
json::Value to_json(const SearchReport& report);

}  // namespace cortex::app
