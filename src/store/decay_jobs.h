// The queue of decay jobs: table decay_jobs, and what Cortex knows beside it in the private table
// cortex_decay_jobs (whether sources are retired, who works on it and until when, why it was
// cancelled).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "json/value.h"
#include "sqlite/connection.h"

namespace cortex::store {

// `kind`, `method` and `state` are tokens of memory/decay.h.
struct DecayJob {
  std::string id, kind, method;
  std::vector<std::string> source_ids;  // empty in a job that has none, or foreign ones
  std::string state;
  std::optional<std::string> state_reason{}, result_memory_id{};
  std::string scheduled_for, created_at, created_by, updated_at;
  bool supersede = false;               // sources are retired by the summary
  std::string runner{}, lease_until{};  // while it is in progress
  std::string cancel_reason{};
  std::string foreign_sources{};  // JSON of sources that are no array of texts, or empty

  friend bool operator==(const DecayJob&, const DecayJob&) = default;
};

// The sources as they are stored.
json::Value sources_json(const DecayJob& job);

// Errors: kIntegrity when its sources are no JSON.
Result<std::optional<DecayJob>> find_decay_job(sqlite::Connection& db, std::string_view id);
// By (scheduled_for, id). An empty state: all.
Result<std::vector<DecayJob>> list_decay_jobs(sqlite::Connection& db, std::string_view state);
// Pending and due at `now`, the one to be done first in front.
Result<std::vector<DecayJob>> due_decay_jobs(sqlite::Connection& db, std::string_view now);

// Both tables, whole.
Status put_decay_job(sqlite::Connection& db, const DecayJob& job);

// As operations carry it. Reading errors: kIntegrity with the member.
json::Object decay_job_to_json(const DecayJob& job);
Result<DecayJob> decay_job_from_json(const json::Value& value);

// What the summary stands for, sorted.
struct SummarySources {
  std::vector<std::string> memories, episodes;
};
Result<SummarySources> sources_of_summary(sqlite::Connection& db, std::string_view memory_id);

}  // namespace cortex::store
