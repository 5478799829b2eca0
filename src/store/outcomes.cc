#include "store/outcomes.h"

#include <utility>

#include "base/text.h"

namespace cortex::store {
namespace {

std::string text(const sqlite::Statement& row, int column) {
  return std::string(row.column_text(column));
}

std::optional<std::string> maybe(const sqlite::Statement& row, int column) {
  return row.is_null(column) ? std::nullopt : std::optional(text(row, column));
}

// All rows of one memory, each made by `read`.
template <class Read>
auto rows_of(sqlite::Connection& db, std::string_view sql, std::string_view memory, Read read)
    -> Result<std::vector<decltype(read(std::declval<const sqlite::Statement&>()))>> {
  CORTEX_ASSIGN(auto rows, db.prepare(sql));
  CORTEX_TRY(rows.bind(1, memory));
  std::vector<decltype(read(rows))> found;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return found;
    found.push_back(read(rows));
  }
}

}  // namespace

Result<std::vector<SessionUse>> session_uses_of(sqlite::Connection& db, std::string_view memory) {
  return rows_of(
      db,
      "SELECT memory_id, session_id, first_used_at, last_used_at, use_count"
      " FROM memory_session_uses WHERE memory_id = ?1 ORDER BY first_used_at, session_id",
      memory, [](const sqlite::Statement& row) {
        return SessionUse{text(row, 0), text(row, 1), text(row, 2), text(row, 3),
                          row.column_int(4)};
      });
}

Result<std::vector<OutcomeRelation>> relations_of(sqlite::Connection& db, std::string_view memory) {
  return rows_of(db,
                 "SELECT outcome_ref, memory_id, relation, recorded_at, validation_scope,"
                 " validating_principal_id, evidence_ref FROM outcome_memory_relations"
                 " WHERE memory_id = ?1 ORDER BY recorded_at, outcome_ref, relation",
                 memory, [](const sqlite::Statement& row) {
                   return OutcomeRelation{text(row, 0),  text(row, 1),  text(row, 2), text(row, 3),
                                          maybe(row, 4), maybe(row, 5), maybe(row, 6)};
                 });
}

Result<std::vector<OutcomeReport>> reports_of(sqlite::Connection& db, std::string_view memory) {
  return rows_of(db,
                 "SELECT event_id, memory_id, session_id, result, recorded_at, note"
                 " FROM cortex_outcomes WHERE memory_id = ?1 ORDER BY recorded_at, event_id",
                 memory, [](const sqlite::Statement& row) {
                   return OutcomeReport{text(row, 0), text(row, 1), text(row, 2),
                                        text(row, 3), text(row, 4), maybe(row, 5)};
                 });
}

Status put_session_use(sqlite::Connection& db, const SessionUse& use) {
  CORTEX_ASSIGN(auto put,
                db.prepare("INSERT OR REPLACE INTO memory_session_uses(memory_id, session_id,"
                           " first_used_at, last_used_at, use_count) VALUES(?1, ?2, ?3, ?4, ?5)"));
  CORTEX_TRY(put.bind_all(use.memory_id, use.session_id, use.first_used_at, use.last_used_at,
                          use.use_count));
  return put.run();
}

Status put_relation(sqlite::Connection& db, const OutcomeRelation& relation) {
  CORTEX_ASSIGN(auto put, db.prepare("INSERT OR REPLACE INTO outcome_memory_relations(outcome_ref,"
                                     " memory_id, relation, recorded_at, validation_scope,"
                                     " validating_principal_id, evidence_ref)"
                                     " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  CORTEX_TRY(put.bind_all(relation.outcome_ref, relation.memory_id, relation.relation,
                          relation.recorded_at, relation.validation_scope,
                          relation.validating_principal_id, relation.evidence_ref));
  return put.run();
}

Status put_report(sqlite::Connection& db, const OutcomeReport& report) {
  CORTEX_ASSIGN(auto put, db.prepare("INSERT OR REPLACE INTO cortex_outcomes(event_id, memory_id,"
                                     " session_id, result, recorded_at, note)"
                                     " VALUES(?1, ?2, ?3, ?4, ?5, ?6)"));
  CORTEX_TRY(put.bind_all(report.event_id, report.memory_id, report.session_id, report.result,
                          report.recorded_at, report.note));
  return put.run();
}

Status set_use_totals(sqlite::Connection& db, std::string_view memory, const UseTotals& totals) {
  CORTEX_ASSIGN(
      auto update,
      db.prepare("UPDATE memories SET cross_session_use_count = ?2, first_used_at = ?3,"
                 " last_cross_session_use_at = ?4, validation_epoch = ?5, last_validation_at = ?6"
                 " WHERE id = ?1"));
  CORTEX_TRY(update.bind_all(memory, totals.uses, totals.first_used_at, totals.last_used_at,
                             totals.validation_epoch, totals.last_validation_at));
  return update.run();
}

}  // namespace cortex::store
