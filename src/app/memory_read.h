// Looking at memories: `memory list`, `candidates`, `health`, `diff`. Nothing here writes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "store/contradictions.h"
#include "store/memory_history.h"
#include "store/memory_tally.h"

namespace cortex::app {

struct ListRequest {
  std::vector<std::string> tags;
  std::vector<std::string> statuses;  // none: active
  std::optional<std::uint64_t> limit{};
  std::uint64_t offset = 0;
  std::optional<std::string> as_of{}, valid_at{};  // as typed
};

struct ListReport {
  ListRequest request;
  std::vector<store::MemoryThen> rows;
  std::vector<store::UnreadableMemory> unreadable;
  std::optional<store::AsOf> when{};
};

// Two queries at most, whatever the store holds. With a time: what was believed then (known time),
// about that moment or about `valid_at` (valid time). kUsage: times, a status that is none.
Result<ListReport> list_memories(Services& services, const Layout& layout, ListRequest request);
json::Value to_json(const ListReport& report);

struct Candidate {
  store::Memory memory{};
  std::size_t open_contradictions = 0;
  std::string proof{};  // token of its proof state
  bool acceptable = false;
};
struct CandidatesReport {
  std::vector<Candidate> candidates;
  std::vector<store::UnreadableMemory> unreadable;
  std::uint64_t total = 0;
};
// What waits for `memory accept` or `reject`, newest first. A constant number of queries.
Result<CandidatesReport> list_candidates(Services& services, const Layout& layout,
                                         std::uint64_t limit, std::uint64_t offset);
json::Value to_json(const CandidatesReport& report);

struct HealthRequest {
  bool unvalidated_only = false;
  std::uint64_t older_than_days = 30;
  double confidence_below = 0.5;
  std::optional<std::uint64_t> limit{};  // ids in each list; the counts are always whole
  std::uint64_t offset = 0;
};
struct HealthReport {
  HealthRequest request;
  struct Bucket {
    std::uint64_t count = 0;
    std::vector<std::string> ids;
  };
  store::ByHealthKind<Bucket> of{};
  std::uint64_t total_active = 0;
};
// Counted as memories are written (store/memory_tally.h); one query for the ids of each bucket, in
// table order. kUsage: a confidence that is no
// number from 0 to 1, days that lead out of the calendar.
Result<HealthReport> memory_health(Services& services, const Layout& layout,
                                   const HealthRequest& request);
json::Value to_json(const HealthReport& report);

struct DiffReport {
  std::string since, until;
  std::vector<store::MemoryDifference> differences;
};
// What was learned between two moments; `until` absent: now. One query.
Result<DiffReport> memory_diff(Services& services, const Layout& layout, const std::string& since,
                               const std::optional<std::string>& until);
json::Value to_json(const DiffReport& report);

// Rows that cannot be read, for the reports: [{column, memory_id, reason}].
json::Array to_json(const std::vector<store::UnreadableMemory>& unreadable);
// `{authority, claim, domains, memory_id, updated_at}` and what belongs to this program.
json::Object listed(const store::Memory& memory);

}  // namespace cortex::app
