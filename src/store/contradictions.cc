#include "store/contradictions.h"

#include <utility>

#include "base/text.h"
#include "json/value.h"

namespace cortex::store {
namespace {

constexpr std::string_view kSelectContradictions =
    "SELECT id, left_ref, right_ref, contradiction_type, status, interpretation, created_at,"
    " updated_at FROM contradictions";

Contradiction read(const sqlite::Statement& row) {
  Contradiction out{.id = std::string(row.column_text(0)),
                    .left_ref = std::string(row.column_text(1)),
                    .right_ref = std::string(row.column_text(2)),
                    .type = std::string(row.column_text(3)),
                    .status = std::string(row.column_text(4)),
                    .interpretation = {},
                    .created_at = std::string(row.column_text(6)),
                    .updated_at = std::string(row.column_text(7))};
  if (!row.is_null(5)) out.interpretation = std::string(row.column_text(5));
  return out;
}

Result<std::vector<Contradiction>> read_contradictions(sqlite::Statement& rows) {
  std::vector<Contradiction> found;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return found;
    found.push_back(read(rows));
  }
}

}  // namespace

Result<std::vector<Contradiction>> list_contradictions(sqlite::Connection& db, Which which,
                                                       const std::optional<std::string>& touching) {
  std::string sql = cat(kSelectContradictions, touching ? " WHERE (left_ref = ?1 OR right_ref = ?1)"
                                                        : " WHERE ?1 IS NULL");
  if (which == Which::kOpen) sql += " AND +status IN ('unresolved', 'interpreted')";
  CORTEX_ASSIGN(auto rows, db.prepare(cat(sql, " ORDER BY created_at, id")));
  CORTEX_TRY(rows.bind(1, touching));
  return read_contradictions(rows);
}

Result<std::vector<Contradiction>> open_contradictions(sqlite::Connection& db,
                                                       std::span<const std::string> refs,
                                                       const std::optional<std::string>& known_at) {
  constexpr std::string_view kTouching =
      " WHERE (+status IN ('unresolved', 'interpreted') OR updated_at > ?2) AND (?2 IS NULL OR"
      " +created_at <= ?2) AND rowid IN (SELECT c.rowid FROM asked CROSS JOIN contradictions c ON"
      " c.left_ref = asked.ref UNION SELECT c.rowid FROM asked CROSS JOIN contradictions c ON"
      " c.right_ref = asked.ref) ORDER BY created_at, id";
  CORTEX_ASSIGN(auto rows,
                db.prepare(cat("WITH asked(ref) AS MATERIALIZED (SELECT value FROM json_each(?1)) ",
                               kSelectContradictions, kTouching)));
  CORTEX_TRY(rows.bind_all(json::array_text(refs), known_at));
  return read_contradictions(rows);
}

Result<std::map<std::string, std::size_t>> count_open_contradictions(
    sqlite::Connection& db, const std::vector<std::string>& refs) {
  CORTEX_ASSIGN(
      auto rows,
      db.prepare("WITH asked(ref) AS MATERIALIZED (SELECT DISTINCT value FROM json_each(?1)),"
                 " touching(ref, id) AS (SELECT ref, c.rowid FROM asked CROSS JOIN contradictions c"
                 " ON c.left_ref = ref WHERE c.status IN ('unresolved', 'interpreted') UNION SELECT"
                 " ref, c.rowid FROM asked CROSS JOIN contradictions c ON c.right_ref = ref WHERE"
                 " c.status IN ('unresolved', 'interpreted'))"
                 " SELECT ref, count(*) FROM touching GROUP BY ref"));
  CORTEX_TRY(rows.bind(1, json::array_text(refs)));
  std::map<std::string, std::size_t> counts;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return counts;
    counts[std::string(rows.column_text(0))] = static_cast<std::size_t>(rows.column_int(1));
  }
}

Result<std::optional<Contradiction>> find_contradiction(sqlite::Connection& db,
                                                        std::string_view id) {
  CORTEX_ASSIGN(auto row, db.prepare(cat(kSelectContradictions, " WHERE id = ?1")));
  CORTEX_TRY(row.bind(1, id));
  CORTEX_ASSIGN(const bool found, row.step());
  if (!found) return std::optional<Contradiction>();
  return std::optional(read(row));
}

Status put_contradiction(sqlite::Connection& db, const Contradiction& one) {
  CORTEX_ASSIGN(
      auto put,
      db.prepare("INSERT INTO contradictions(id, left_ref, right_ref, contradiction_type, status,"
                 " interpretation, created_at, updated_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
                 " ON CONFLICT(id) DO UPDATE SET status = excluded.status,"
                 " interpretation = excluded.interpretation, updated_at = excluded.updated_at"));
  CORTEX_TRY(put.bind_all(one.id, one.left_ref, one.right_ref, one.type, one.status,
                          one.interpretation, one.created_at, one.updated_at));
  return put.run();
}

Status put_precedence(sqlite::Connection& db, const Precedence& one) {
  CORTEX_ASSIGN(auto put,
                db.prepare("INSERT OR REPLACE INTO cortex_precedence(contradiction_id, winner,"
                           " loser, reason, event_id) VALUES(?1, ?2, ?3, ?4, ?5)"));
  CORTEX_TRY(put.bind_all(one.contradiction_id, one.winner, one.loser, one.reason, one.event_id));
  return put.run();
}

Result<std::vector<Precedence>> list_precedences(sqlite::Connection& db) {
  CORTEX_ASSIGN(auto rows, db.prepare("SELECT contradiction_id, winner, loser, reason, event_id"
                                      " FROM cortex_precedence ORDER BY contradiction_id"));
  std::vector<Precedence> found;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return found;
    const auto text = [&rows](int column) { return std::string(rows.column_text(column)); };
    found.push_back({text(0), text(1), text(2), text(3), text(4)});
  }
}

}  // namespace cortex::store
