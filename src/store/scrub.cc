#include "store/scrub.h"

#include "base/text.h"
#include "store/followed_tables.h"
#include "store/schema_query.h"

namespace cortex::store {
namespace {

// Tables of our rows: no virtual tables and none of their parts, nothing of SQLite's own, no search
// index, none that follow the memories by themselves.
constexpr std::string_view kOwnTables =
    "SELECT name FROM sqlite_schema AS t WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    " AND name NOT LIKE 'cortex_recall%' AND sql NOT LIKE 'CREATE VIRTUAL%' AND NOT EXISTS"
    " (SELECT 1 FROM sqlite_schema v WHERE v.type = 'table' AND v.sql LIKE 'CREATE VIRTUAL%'"
    " AND substr(t.name, 1, length(v.name) + 1) = v.name || '_') ORDER BY name";

Result<std::vector<std::string>> scrubbed_tables(sqlite::Connection& db) {
  CORTEX_ASSIGN(std::vector<std::string> tables, text_column(db, kOwnTables));
  for (const std::string& name : followed_table_names()) std::erase(tables, name);
  return tables;
}

Result<std::uint64_t> replace_in(sqlite::Connection& db, const std::string& table,
                                 const std::string& column, std::string_view from,
                                 std::string_view to, bool whole) {
  const std::string condition =
      whole ? cat("\"", column, "\" = ?1") : cat("instr(\"", column, "\", ?1) > 0");
  CORTEX_ASSIGN(
      auto update,
      db.prepare(cat("UPDATE \"", table, "\" SET \"", column, "\" = replace(\"", column,
                     "\", ?1, ?2) WHERE typeof(\"", column, "\") = 'text' AND ", condition)));
  CORTEX_TRY(update.bind_all(from, to));
  CORTEX_TRY(update.run());
  return static_cast<std::uint64_t>(db.changes());
}

Result<std::vector<std::string>> memories_with(sqlite::Connection& db, const ScrubbedText& text) {
  CORTEX_ASSIGN(auto select,
                db.prepare(text.whole_only ? "SELECT id FROM memories WHERE claim = ?1 ORDER BY id"
                                           : "SELECT id FROM memories WHERE instr(claim, ?1) > 0"
                                             " ORDER BY id"));
  CORTEX_TRY(select.bind(1, text.text));
  std::vector<std::string> out;
  for (;;) {
    CORTEX_ASSIGN(const bool more, select.step());
    if (!more) return out;
    out.emplace_back(select.column_text(0));
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

Result<ScrubReport> scrub_text(sqlite::Connection& db, const ScrubbedText& text) {
  ScrubReport report;
  CORTEX_ASSIGN(report.memories, memories_with(db, text));
  CORTEX_ASSIGN(const std::vector<std::string> tables, scrubbed_tables(db));
  for (const std::string& table : tables) {
    CORTEX_ASSIGN(const std::vector<std::string> columns, column_names(db, table));
    for (const std::string& column : columns) {
      CORTEX_ASSIGN(const std::uint64_t plain,
                    replace_in(db, table, column, text.text, text.instead, text.whole_only));
      CORTEX_ASSIGN(const std::uint64_t in_json,
                    replace_in(db, table, column, text.text_in_json, text.instead_in_json, false));
      report.values += plain + in_json;
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
