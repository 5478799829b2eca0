#include "memory/apply_decay.h"

#include <string>
#include <utility>

#include "base/text.h"
#include "memory/decay.h"
#include "memory/lifecycle.h"
#include "memory/rows.h"
#include "store/audit_records.h"
#include "store/decay_jobs.h"
#include "store/memories.h"
#include "store/memory_history.h"
#include "store/plain_rows.h"

namespace cortex::memory {
namespace {

Status add_edges(sqlite::Connection& db, const store::DecayJob& job, const std::string& at) {
  const auto kind = parse_decay_kind(job.kind);
  const bool episodes = kind == DecayKind::kEpisodes;
  const std::string_view table = episodes ? "episode_supersessions" : "memory_supersessions";
  const std::string_view column = episodes ? "source_episode_id" : "source_memory_id";
  CORTEX_ASSIGN(auto edge, db.prepare(cat("INSERT OR IGNORE INTO ", table, "(", column,
                                          ", summary_memory_id, decay_job_id, recorded_at)"
                                          " VALUES(?1, ?2, ?3, ?4)")));
  for (const std::string& source : job.source_ids) {
    CORTEX_TRY(edge.bind_all(source, job.result_memory_id, job.id, at));
    CORTEX_TRY(edge.run());
  }
  return {};
}

Status retire(sqlite::Connection& db, const store::OperationRow& row, const store::DecayJob& job,
              const std::string& at) {
  const json::Array* retired = row.arg("retired").as_array();
  if (retired == nullptr) return {};
  for (const json::Value& value : *retired) {
    const std::string* id = value.as_string();
    if (id == nullptr) return unfit(row, "retired");
    CORTEX_TRY(store::change_memory(db, {.id = *id,
                                         .status = std::string(state_token(State::kSuperseded)),
                                         .domains = {},
                                         .updated_at = at}));
    CORTEX_TRY(
        store::record_version(db, row, *id, at, std::nullopt, job.result_memory_id.value_or("")));
  }
  return {};
}

Status add_summary(sqlite::Connection& db, const store::OperationRow& row, const std::string& at) {
  if (row.arg("memory").is_null()) return {};
  CORTEX_ASSIGN(const store::Memory memory, store::memory_from_json(row.arg("memory")));
  CORTEX_TRY(store::insert_memory(db, memory));
  return store::record_version(db, row, memory.id, at, std::nullopt, "");
}

// What was found out about a principle, as a row of its own.
Status add_review(sqlite::Connection& db, const store::OperationRow& row,
                  const store::DecayJob& job, const std::string& at) {
  const json::Value& review = row.arg("review");
  if (review.is_null()) return {};
  const std::string* id = review.find_text("audit_id");
  const std::string* status = review.find_text("status");
  const std::string* verdict = review.find_text("verdict");
  const json::Value* supporting = review.find("supporting");
  if (id == nullptr || status == nullptr || verdict == nullptr || supporting == nullptr ||
      job.source_ids.size() != 1) {
    return unfit(row, "review");
  }
  return store::add_audit_record(db, {.id = *id,
                                      .operation = "principle.review",
                                      .target_ref = job.source_ids.front(),
                                      .before_hash = cat("principle:status:", *status),
                                      .after_hash = cat("principle:review:", *verdict),
                                      .reason = json::write_compact(review, json::Keys::kSorted),
                                      .actor = store::actor_of(row),
                                      .source_refs = *supporting,
                                      .created_at = at});
}

}  // namespace

Status apply_decay(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const std::string at, row.text_arg("at"));
  CORTEX_ASSIGN(const std::string audit_id, row.text_arg("audit_id"));
  CORTEX_ASSIGN(const std::string reason, row.text_arg("audit_reason"));
  CORTEX_ASSIGN(const store::DecayJob job, store::decay_job_from_json(row.arg("job")));
  CORTEX_TRY(add_summary(db, row, at));
  CORTEX_TRY(store::put_decay_job(db, job));
  if (job.result_memory_id) CORTEX_TRY(add_edges(db, job, at));
  CORTEX_TRY(retire(db, row, job, at));
  CORTEX_TRY(add_review(db, row, job, at));
  store::AuditRecord record{.id = audit_id,
                            .operation = row.name,
                            .target_ref = job.id,
                            .before_hash = {},
                            .after_hash = cat("decay_job:state:", job.state),
                            .reason = reason,
                            .actor = store::actor_of(row),
                            .source_refs = json::array_of(job.source_ids),
                            .created_at = at};
  if (const std::string* from = row.arg("from").as_string()) {
    record.before_hash = cat("decay_job:state:", *from);
  }
  return store::add_audit_record(db, record);
}

Status apply_episode(sqlite::Connection& db, const store::OperationRow& row) {
  const json::Object* trace = row.arg("trace").as_object();
  const json::Object* episode = row.arg("episode").as_object();
  if (trace == nullptr || episode == nullptr) return unfit(row, "rows");
  CORTEX_TRY(store::put_row(db, "traces", "id", *trace, store::IfThere::kKeep));
  return store::put_row(db, "episodes", "id", *episode, store::IfThere::kKeep);
}

}  // namespace cortex::memory
