#include "store/decay_jobs.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "sqlite/statement.h"

namespace cortex::store {
namespace {

constexpr std::string_view kSelectJobs =
    "SELECT j.id, j.kind, j.summary_method, j.source_ids_json, j.state, j.state_reason,"
    " j.result_memory_id, j.scheduled_for, j.created_at, j.created_by, j.updated_at,"
    " coalesce(p.supersede, 0), coalesce(p.runner, ''), coalesce(p.lease_until, ''),"
    " coalesce(p.cancel_reason, '') FROM decay_jobs j LEFT JOIN cortex_decay_jobs p"
    " ON p.job_id = j.id";
constexpr std::string_view kOrder = " ORDER BY j.scheduled_for, j.id";

Error job_unfit(std::string_view id, std::string_view what) {
  return make_error(Code::kIntegrity, cat("the decay job ", quoted(id), " has no usable ", what));
}

// What other programs wrote stays with the job as it is: it can be listed, failed and cancelled.
void set_sources(DecayJob& job, const json::Value& value) {
  const json::Array* array = value.as_array();
  const bool texts = array != nullptr && std::ranges::all_of(*array, [](const json::Value& one) {
                       return one.as_string() != nullptr;
                     });
  if (!texts) {
    job.foreign_sources = json::write_compact(value);
    return;
  }
  for (const json::Value& one : *array) job.source_ids.push_back(*one.as_string());
}

Result<DecayJob> read_job(const sqlite::Statement& row) {
  const auto text = [&row](int column) { return std::string(row.column_text(column)); };
  const auto maybe = [&](int column) {
    return row.is_null(column) ? std::nullopt : std::optional(text(column));
  };
  DecayJob job{.id = text(0),
               .kind = text(1),
               .method = text(2),
               .source_ids = {},
               .state = text(4),
               .state_reason = maybe(5),
               .result_memory_id = maybe(6),
               .scheduled_for = text(7),
               .created_at = text(8),
               .created_by = text(9),
               .updated_at = text(10),
               .supersede = row.column_int(11) != 0,
               .runner = text(12),
               .lease_until = text(13),
               .cancel_reason = text(14)};
  auto sources = json::parse(row.column_text(3));
  if (!sources.ok()) return job_unfit(job.id, "source_ids");
  set_sources(job, *sources);
  return job;
}

Result<std::vector<DecayJob>> read_all(sqlite::Statement& rows) {
  std::vector<DecayJob> found;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return found;
    CORTEX_ASSIGN(found.emplace_back(), read_job(rows));
  }
}

Result<std::vector<std::string>> edge_sources(sqlite::Connection& db, std::string_view table,
                                              std::string_view column, std::string_view summary) {
  CORTEX_ASSIGN(auto rows, db.prepare(cat("SELECT ", column, " FROM ", table,
                                          " WHERE summary_memory_id = ?1 ORDER BY ", column)));
  CORTEX_TRY(rows.bind(1, summary));
  std::vector<std::string> found;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return found;
    found.emplace_back(rows.column_text(0));
  }
}

struct JobText {
  std::string_view name;
  std::string DecayJob::* member;
};
constexpr JobText kJobTexts[] = {
    {"id", &DecayJob::id},
    {"kind", &DecayJob::kind},
    {"summary_method", &DecayJob::method},
    {"state", &DecayJob::state},
    {"scheduled_for", &DecayJob::scheduled_for},
    {"created_at", &DecayJob::created_at},
    {"created_by", &DecayJob::created_by},
    {"updated_at", &DecayJob::updated_at},
    {"runner", &DecayJob::runner},
    {"lease_until", &DecayJob::lease_until},
    {"cancel_reason", &DecayJob::cancel_reason},
};

struct JobMaybe {
  std::string_view name;
  std::optional<std::string> DecayJob::* member;
};
constexpr JobMaybe kMaybes[] = {
    {"state_reason", &DecayJob::state_reason},
    {"result_memory_id", &DecayJob::result_memory_id},
};

}  // namespace

json::Value sources_json(const DecayJob& job) {
  if (job.foreign_sources.empty()) return json::array_of(job.source_ids);
  return json::parse(job.foreign_sources).value();  // written by set_sources()
}

Result<std::optional<DecayJob>> find_decay_job(sqlite::Connection& db, std::string_view id) {
  CORTEX_ASSIGN(auto row, db.prepare(cat(kSelectJobs, " WHERE j.id = ?1")));
  CORTEX_TRY(row.bind(1, id));
  CORTEX_ASSIGN(const bool found, row.step());
  if (!found) return std::optional<DecayJob>();
  CORTEX_ASSIGN(DecayJob job, read_job(row));
  return std::optional(std::move(job));
}

Result<std::vector<DecayJob>> list_decay_jobs(sqlite::Connection& db, std::string_view state) {
  CORTEX_ASSIGN(auto rows, db.prepare(cat(kSelectJobs, " WHERE ?1 = '' OR j.state = ?1", kOrder)));
  CORTEX_TRY(rows.bind(1, state));
  return read_all(rows);
}

Result<std::vector<DecayJob>> due_decay_jobs(sqlite::Connection& db, std::string_view now) {
  CORTEX_ASSIGN(
      auto rows,
      db.prepare(cat(kSelectJobs, " WHERE j.state = 'pending' AND j.scheduled_for <= ?1", kOrder)));
  CORTEX_TRY(rows.bind(1, now));
  return read_all(rows);
}

Status put_decay_job(sqlite::Connection& db, const DecayJob& job) {
  CORTEX_ASSIGN(
      auto put,
      db.prepare("INSERT INTO decay_jobs(id, kind, summary_method, source_ids_json, state,"
                 " state_reason, result_memory_id, scheduled_for, created_at, created_by,"
                 " updated_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
                 " ON CONFLICT(id) DO UPDATE SET state = excluded.state, state_reason ="
                 " excluded.state_reason, result_memory_id = excluded.result_memory_id,"
                 " updated_at = excluded.updated_at"));
  CORTEX_TRY(put.bind_all(job.id, job.kind, job.method, json::write_compact(sources_json(job)),
                          job.state, job.state_reason, job.result_memory_id, job.scheduled_for,
                          job.created_at, job.created_by, job.updated_at));
  CORTEX_TRY(put.run());
  CORTEX_ASSIGN(auto own,
                db.prepare("INSERT OR REPLACE INTO cortex_decay_jobs(job_id, supersede, runner,"
                           " lease_until, cancel_reason) VALUES(?1, ?2, ?3, ?4, ?5)"));
  CORTEX_TRY(
      own.bind_all(job.id, job.supersede ? 1 : 0, job.runner, job.lease_until, job.cancel_reason));
  return own.run();
}

json::Object decay_job_to_json(const DecayJob& job) {
  json::Object out{{"source_ids", sources_json(job)}, {"supersede", job.supersede}};
  for (const JobText& one : kJobTexts) out.add(std::string(one.name), job.*one.member);
  for (const JobMaybe& one : kMaybes) {
    const auto& text = job.*one.member;
    out.add(std::string(one.name), json::or_null(text));
  }
  return out;
}

Result<DecayJob> decay_job_from_json(const json::Value& value) {
  DecayJob job;
  for (const JobText& one : kJobTexts) {
    const std::string* text = value.find_text(one.name);
    if (text == nullptr) return job_unfit("of an operation", one.name);
    job.*one.member = *text;
  }
  for (const JobMaybe& one : kMaybes) {
    if (const std::string* text = value.find_text(one.name)) job.*one.member = *text;
  }
  const json::Value* sources = value.find("source_ids");
  if (sources == nullptr) return job_unfit(job.id, "source_ids");
  set_sources(job, *sources);
  const json::Value* supersede = value.find("supersede");
  job.supersede = supersede != nullptr && supersede->as_bool() != nullptr && *supersede->as_bool();
  return job;
}

Result<SummarySources> sources_of_summary(sqlite::Connection& db, std::string_view memory_id) {
  SummarySources out;
  CORTEX_ASSIGN(out.memories,
                edge_sources(db, "memory_supersessions", "source_memory_id", memory_id));
  CORTEX_ASSIGN(out.episodes,
                edge_sources(db, "episode_supersessions", "source_episode_id", memory_id));
  return out;
}

}  // namespace cortex::store
