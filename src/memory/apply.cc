#include "memory/apply.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "memory/lifecycle.h"
#include "memory/rows.h"
#include "store/audit_records.h"
#include "store/contradictions.h"
#include "store/memories.h"
#include "store/memory_history.h"
#include "store/outcomes.h"

namespace cortex::memory {
namespace {

std::optional<std::string> optional_arg(const store::OperationRow& row, std::string_view key) {
  const std::string* text = row.arg(key).as_string();
  return text == nullptr ? std::nullopt : std::optional(*text);
}

Error no_memory(std::string_view id) {
  return make_error(Code::kPrecondition, cat("there is no memory ", quoted(id)));
}

Result<store::Memory> memory_of(sqlite::Connection& db, const std::string& id) {
  CORTEX_ASSIGN(auto found, store::find_memory(db, id));
  if (found) return *std::move(found);
  return no_memory(id);
}

store::ValidTime valid_arg(const store::OperationRow& row) {
  return {optional_arg(row, "valid_from"), optional_arg(row, "valid_until")};
}

// The row of the reference: only accepted memories have one.
Status write_audit(sqlite::Connection& db, const store::OperationRow& row,
                   const std::string& audit_id, const std::string& memory_id,
                   const std::string& at) {
  CORTEX_ASSIGN(const std::string from, row.text_arg("from"));
  CORTEX_ASSIGN(const std::string to, row.text_arg("to"));
  CORTEX_ASSIGN(const std::string reason, row.text_arg("audit_reason"));
  return store::add_audit_record(db, {.id = audit_id,
                                      .operation = row.name,
                                      .target_ref = memory_id,
                                      .before_hash = cat("status:", from),
                                      .after_hash = cat("status:", to),
                                      .reason = reason,
                                      .actor = row.arg("audit_actor"),
                                      .source_refs = json::Array{memory_id},
                                      .created_at = at});
}

Status set_status(sqlite::Connection& db, const store::OperationRow& row,
                  const std::string& memory_id, const std::string& at) {
  CORTEX_ASSIGN(const std::string to, row.text_arg("to"));
  if (!parse_state(to)) return unfit(row, "state");
  CORTEX_ASSIGN(
      const bool there,
      store::change_memory(db, {.id = memory_id, .status = to, .domains = {}, .updated_at = at}));
  if (there) return {};
  return no_memory(memory_id);
}

Status change_tags(sqlite::Connection& db, const store::OperationRow& row, bool add) {
  CORTEX_ASSIGN(const std::string id, row.text_arg("memory_id"));
  CORTEX_ASSIGN(const std::string at, row.text_arg("at"));
  CORTEX_ASSIGN(const std::string tag, row.text_arg("tag"));
  CORTEX_ASSIGN(const store::Memory memory, memory_of(db, id));
  if (memory.domains.as_array() == nullptr) return unfit(row, "tags to change");
  json::Array domains = *memory.domains.as_array();
  const auto is_tag = [&tag](const json::Value& value) {
    return value.as_string() != nullptr && *value.as_string() == tag;
  };
  const bool present = std::ranges::any_of(domains, is_tag);
  if (add && !present) domains.emplace_back(tag);
  if (!add) std::erase_if(domains, is_tag);
  CORTEX_TRY(store::change_memory(
      db, {.id = id, .status = {}, .domains = std::move(domains), .updated_at = at}));
  return store::record_version(db, row, id, at, std::nullopt, "");
}

}  // namespace

Status apply_add(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const std::string at, row.text_arg("at"));
  CORTEX_ASSIGN(const store::Memory memory, store::memory_from_json(row.arg("memory")));
  CORTEX_TRY(store::insert_memory(db, memory));
  return store::record_version(db, row, memory.id, at, valid_arg(row), "");
}

Status apply_adopt(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const store::Memory memory, store::memory_from_json(row.arg("memory")));
  CORTEX_ASSIGN(const bool added, store::insert_memory(db, memory));
  if (added) {
    CORTEX_ASSIGN(const Companions companions, companions_from_json(row));
    for (const store::SessionUse& use : companions.uses) {
      CORTEX_TRY(store::put_session_use(db, use));
    }
    for (const store::OutcomeRelation& relation : companions.relations) {
      CORTEX_TRY(store::put_relation(db, relation));
    }
  }
  return store::record_version(db, row, memory.id, memory.created_at, std::nullopt, "");
}

Status apply_transition(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const std::string id, row.text_arg("memory_id"));
  CORTEX_ASSIGN(const std::string at, row.text_arg("at"));
  CORTEX_TRY(set_status(db, row, id, at));
  if (const auto audit_id = optional_arg(row, "audit_id")) {
    CORTEX_TRY(write_audit(db, row, *audit_id, id, at));
  }
  std::optional<store::ValidTime> valid;
  if (!row.arg("valid").is_null()) valid = valid_arg(row);
  CORTEX_TRY(store::record_version(db, row, id, at, valid, ""));
  if (row.arg("valid").is_null()) return {};
  // Restored: it is no longer superseded by anything.
  CORTEX_ASSIGN(auto forget, db.prepare("DELETE FROM memory_supersessions WHERE source_memory_id ="
                                        " ?1 AND decay_job_id IS NULL"));
  CORTEX_TRY(forget.bind(1, id));
  return forget.run();
}

Status apply_supersede(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const std::string id, row.text_arg("memory_id"));
  CORTEX_ASSIGN(const std::string at, row.text_arg("at"));
  CORTEX_ASSIGN(const std::string by, row.text_arg("by"));
  CORTEX_TRY(set_status(db, row, id, at));
  CORTEX_ASSIGN(auto edge, db.prepare("INSERT OR IGNORE INTO memory_supersessions(source_memory_id,"
                                      " summary_memory_id, recorded_at) VALUES(?1, ?2, ?3)"));
  CORTEX_TRY(edge.bind_all(id, by, at));
  CORTEX_TRY(edge.run());
  return store::record_version(db, row, id, at, valid_arg(row), by);
}

Status apply_tag_add(sqlite::Connection& db, const store::OperationRow& row) {
  return change_tags(db, row, true);
}

Status apply_tag_remove(sqlite::Connection& db, const store::OperationRow& row) {
  return change_tags(db, row, false);
}

Status apply_outcome(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const OutcomeRows rows, outcome_from_json(row));
  CORTEX_TRY(memory_of(db, rows.use.memory_id));
  CORTEX_TRY(store::put_session_use(db, rows.use));
  CORTEX_TRY(store::put_relation(db, rows.relation));
  CORTEX_TRY(store::put_report(db, rows.report));
  CORTEX_TRY(store::set_use_totals(db, rows.use.memory_id, rows.totals));
  return store::record_version(db, row, rows.use.memory_id, rows.report.recorded_at, std::nullopt,
                               "");
}

Status apply_contradiction(sqlite::Connection& db, const store::OperationRow& row) {
  CORTEX_ASSIGN(const store::Contradiction one, contradiction_from_json(row));
  CORTEX_TRY(store::put_contradiction(db, one));
  const auto winner = optional_arg(row, "winner");
  if (!winner) return {};
  CORTEX_ASSIGN(const std::string loser, row.text_arg("loser"));
  return store::put_precedence(
      db, {one.id, *winner, loser, one.interpretation.value_or(""), row.event_id});
}

}  // namespace cortex::memory
