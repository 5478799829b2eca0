#include "store/scrub.h"

#include <utility>

#include "base/text.h"
#include "store/followed_tables.h"
#include "store/schema_query.h"

namespace cortex::store {
namespace {

// Tables of our rows: no virtual tables and none of their parts, nothing of SQLite's own, no search
// index, none that follow the ledger's rows or the memories by themselves, no lists of names.
constexpr std::string_view kOwnTables =
    "SELECT name FROM sqlite_schema AS t WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    " AND name NOT LIKE 'cortex_recall%' AND sql NOT LIKE 'CREATE VIRTUAL%' AND NOT EXISTS"
    " (SELECT 1 FROM sqlite_schema v WHERE v.type = 'table' AND v.sql LIKE 'CREATE VIRTUAL%'"
    " AND substr(t.name, 1, length(v.name) + 1) = v.name || '_') ORDER BY name";

Result<std::vector<std::string>> scrubbed_tables(sqlite::Connection& db) {
  CORTEX_ASSIGN(std::vector<std::string> tables, text_column(db, kOwnTables));
  for (const std::string& name : followed_table_names()) std::erase(tables, name);
  for (const std::string_view name : {"_migrations", "cortex_operations", "events"}) {
    std::erase(tables, name);
  }
  return tables;
}

Result<bool> has_row_numbers(sqlite::Connection& db, const std::string& table) {
  CORTEX_ASSIGN(auto select, db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name"
                                        " = ?1 AND sql LIKE '%WITHOUT ROWID%'"));
  CORTEX_TRY(select.bind(1, table));
  CORTEX_ASSIGN(const bool without, select.step());
  return !without;
}

struct ScrubbedValue {
  std::int64_t row = 0;
  std::string before, after;
};

// The values of a column that hold the text, in memory: what else is there, is not.
Result<std::vector<ScrubbedValue>> scrubbed_values(sqlite::Connection& db, const std::string& table,
                                                   const std::string& column, bool numbered,
                                                   const ledger::Eraser& eraser) {
  CORTEX_ASSIGN(auto rows, db.prepare(cat("SELECT ", numbered ? "rowid" : "0", ", \"", column,
                                          "\" FROM \"", table, "\" WHERE typeof(\"", column,
                                          "\") = 'text' AND instr(\"", column, "\", ?1) > 0")));
  CORTEX_TRY(rows.bind(1, eraser.anchor()));
  std::vector<ScrubbedValue> out;
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return out;
    std::string before(rows.column_text(1));
    std::string after = eraser.without(column, before);
    if (after == before) continue;
    out.push_back({rows.column_int(0), std::move(before), std::move(after)});
  }
}

Result<std::uint64_t> scrub_column(sqlite::Connection& db, const std::string& table,
                                   const std::string& column, bool numbered,
                                   const ledger::Eraser& eraser) {
  std::uint64_t changed = 0;
  CORTEX_ASSIGN(const auto values, scrubbed_values(db, table, column, numbered, eraser));
  if (values.empty()) return changed;
  CORTEX_ASSIGN(auto update,
                db.prepare(cat("UPDATE \"", table, "\" SET \"", column, "\" = ?3 WHERE \"", column,
                               "\" = ?2", numbered ? " AND rowid = ?1" : " AND ?1 = 0")));
  for (const ScrubbedValue& value : values) {
    CORTEX_TRY(update.bind_all(value.row, value.before, value.after));
    CORTEX_TRY(update.run());
    changed += static_cast<std::uint64_t>(db.changes());
  }
  return changed;
}

Result<std::vector<std::string>> memories_with(sqlite::Connection& db,
                                               const ledger::Eraser& eraser) {
  CORTEX_ASSIGN(
      auto select,
      db.prepare("SELECT id, claim FROM memories WHERE instr(claim, ?1) > 0 ORDER BY id"));
  CORTEX_TRY(select.bind(1, eraser.anchor()));
  std::vector<std::string> out;
  for (;;) {
    CORTEX_ASSIGN(const bool more, select.step());
    if (!more) return out;
    const std::string claim(select.column_text(1));
    if (eraser.without("claim", claim) != claim) out.emplace_back(select.column_text(0));
  }
}

// Vectors are made from claims and tell of them.
Status forget_vectors(sqlite::Connection& db, const std::vector<std::string>& memories) {
  for (const std::string_view table : {"memory_embeddings", "cortex_embedding_content"}) {
    CORTEX_ASSIGN(const bool there, object_exists(db, "table", table));
    if (!there) continue;
    CORTEX_ASSIGN(auto forget, db.prepare(cat("DELETE FROM ", table, " WHERE memory_id = ?1")));
    for (const std::string& id : memories) {
      forget.reset();
      CORTEX_TRY(forget.bind(1, id));
      CORTEX_TRY(forget.run());
    }
  }
  return db.exec("DELETE FROM cortex_claim_marks; DELETE FROM cortex_claim_marks_done");
}

}  // namespace

Result<ScrubReport> scrub_text(sqlite::Connection& db, const ledger::Eraser& eraser) {
  ScrubReport report;
  CORTEX_ASSIGN(report.memories, memories_with(db, eraser));
  CORTEX_ASSIGN(const std::vector<std::string> tables, scrubbed_tables(db));
  for (const std::string& table : tables) {
    CORTEX_ASSIGN(const bool numbered, has_row_numbers(db, table));
    CORTEX_ASSIGN(const std::vector<std::string> columns, column_names(db, table));
    for (const std::string& column : columns) {
      if (ledger::is_structure(column)) continue;
      CORTEX_ASSIGN(const std::uint64_t changed, scrub_column(db, table, column, numbered, eraser));
      report.values += changed;
    }
  }
  CORTEX_TRY(forget_vectors(db, report.memories));
  return report;
}

Status compact_after_scrub(sqlite::Connection& db) {
  CORTEX_TRY(
      db.exec("INSERT INTO memories_fts(memories_fts) VALUES('rebuild');"
              "INSERT INTO memories_fts(memories_fts) VALUES('optimize')"));
  CORTEX_TRY(db.exec("VACUUM"));
  CORTEX_ASSIGN(auto checkpoint, db.prepare("PRAGMA wal_checkpoint(TRUNCATE)"));
  CORTEX_ASSIGN([[maybe_unused]] const bool row, checkpoint.step());
  if (checkpoint.column_int(0) == 0) return {};
  return make_error(Code::kPrecondition, "the store is in use: its WAL still holds the text",
                    "the text is gone from the tables", "end the other programs and run it again");
}

}  // namespace cortex::store
