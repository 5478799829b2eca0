// `recall`: what was said or learned about something, out of everything the ledger and the store
// hold. Nothing is written but the search index, when it lags.
//
// An acknowledged event is always found: rows that the index lacks are searched from the tables,
// rows that a read-only store lacks from the ledger. Cost: O(postings of the question's words), see
// docs/search.md; the reply never exceeds `budget_tokens`.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "base/time.h"
#include "json/value.h"

namespace cortex::app {

struct RecallRequest {
  std::string query;
  std::size_t limit = 10, offset = 0;
  std::optional<std::string> session, source;
  std::optional<Timestamp> since, until;  // of when it was said: since <= t < until
  std::optional<Timestamp> as_of;         // only what was known by then
  bool events = true, memories = true;
  std::optional<std::size_t> budget_tokens;  // of the JSON of all hits, 4 bytes a token
  bool explain = false;
  std::optional<std::string> vectors{};  // folder of a static model, before Layout::vectors
};

inline constexpr std::size_t kRecallLimitMax = 1000;
inline constexpr std::string_view kRecallKinds[] = {"all", "events", "memories"};

// kUsage for an empty question, a number, time or kind that is none.
Result<RecallRequest> make_recall_request(
    std::string query, const std::function<std::optional<std::string>(std::string_view)>& flag);

struct RecallHit {
  std::string id;  // of the event or memory
  bool memory = false;
  double score = 0;
  std::string snippet;
  std::vector<std::pair<std::size_t, std::size_t>> ranges;  // bytes of `snippet`
  bool cut_before = false, cut_after = false;
  std::string session, speaker, type, source;
  Timestamp time;      // when it was said, as far as is known
  Timestamp observed;  // when it was observed or recorded
  std::string provenance_class;
  std::vector<std::string> source_events;                  // of a memory
  std::string hash;                                        // event_hash of an event
  std::string status;                                      // of a memory
  bool is_marked = false;                                  // of a memory: as sensitive
  std::vector<std::pair<std::string_view, double>> parts;  // of the score, with `explain`
};

struct RecallReport {
  std::string query;
  std::vector<RecallHit> hits;
  std::optional<std::size_t> next_offset;
  std::vector<std::string> notes;
  std::size_t estimated_tokens = 0;
};

// Errors: kUsage, kPrecondition (no store; vectors that are asked for and cannot be used), those of
// SQLite.
Result<RecallReport> recall(Services& services, const Layout& layout, const RecallRequest& request);

json::Value to_json(const RecallReport& report);

}  // namespace cortex::app
