#include "store/followed_tables.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/text.h"

namespace cortex::store {
namespace {

// In the statements about one memory "@" stands before each of its columns ("NEW.", "OLD." or
// "memories."), and $ROWS is where they are read from. Conflicts are said in the statement itself:
// an OR of the statement that fires a trigger would take the place of an OR in it.
struct FollowedTable {
  std::string_view name;
  std::string_view columns;  // of the table
  std::string_view updates;  // columns of a memory whose change matters
  std::string add, remove;
};

std::vector<FollowedTable> followed_tables() {
  constexpr std::string_view kTags =
      "json_each(CASE WHEN json_valid(@domains_json) THEN @domains_json ELSE '[]' END)";
  const auto tally = [](std::string_view change) {
    return cat(
        "INSERT INTO cortex_memory_tally SELECT CAST(@confidence * 100 AS INTEGER),"
        " substr(@created_at, 1, 10), min(coalesce(@cross_session_use_count, 0), 6),"
        " coalesce(@validation_epoch, 0) = 0, ",
        change,
        " FROM $ROWS WHERE @status = 'active' ON CONFLICT (confidence, created, uses, unvalidated)"
        " DO UPDATE SET memories = memories + excluded.memories;");
  };
  return {
      {.name = "cortex_memory_tags",
       .columns =
           "tag TEXT NOT NULL, status TEXT NOT NULL, updated_at TEXT NOT NULL, memory_id TEXT"
           " NOT NULL, PRIMARY KEY (tag, status, updated_at DESC, memory_id)",
       .updates = "id, status, updated_at, domains_json",
       .add = cat("INSERT INTO cortex_memory_tags SELECT json_each.value, @status, @updated_at, @id"
                  " FROM $ROWS, ",
                  kTags, " WHERE json_each.type = 'text' ON CONFLICT DO NOTHING;"),
       .remove = cat("DELETE FROM cortex_memory_tags WHERE tag IN (SELECT value FROM ", kTags,
                     " WHERE type = 'text') AND status = @status AND updated_at = @updated_at AND"
                     " memory_id = @id;")},
      {.name = "cortex_memory_tally",
       .columns =
           "confidence INTEGER NOT NULL, created TEXT NOT NULL, uses INTEGER NOT NULL,"
           " unvalidated INTEGER NOT NULL, memories INTEGER NOT NULL, PRIMARY KEY (confidence,"
           " created, uses, unvalidated)",
       .updates = "status, confidence, created_at, validation_epoch, cross_session_use_count",
       .add = tally("1"),
       .remove = tally("-1")},
      // Until the first version of it is recorded, which takes it out (memory_history.h).
      {.name = "cortex_memories_untold",
       .columns = "created_at TEXT NOT NULL, memory_id TEXT NOT NULL, PRIMARY KEY (created_at DESC,"
                  " memory_id)",
       .updates = "id, created_at",
       .add = "INSERT INTO cortex_memories_untold SELECT @created_at, @id FROM $ROWS WHERE NOT"
              " EXISTS (SELECT 1 FROM cortex_memory_history WHERE memory_id = @id) ON CONFLICT DO"
              " NOTHING;",
       .remove = "DELETE FROM cortex_memories_untold WHERE created_at = @created_at AND memory_id ="
                 " @id;"},
  };
}

std::string about(std::string_view statement, std::string_view memory, std::string_view rows) {
  std::string out;
  while (!statement.empty()) {
    const std::size_t at = std::min(statement.find_first_of("@$"), statement.size());
    out += statement.substr(0, at);
    statement.remove_prefix(at);
    if (statement.empty()) break;
    constexpr std::string_view kRows = "$ROWS";
    const bool is_rows = statement.starts_with(kRows);
    out += is_rows ? rows : memory;
    statement.remove_prefix(is_rows ? kRows.size() : 1);
  }
  return out;
}

std::string about_row(std::string_view statement, std::string_view memory) {
  return about(statement, memory, "(SELECT 1)");
}

std::string filling(const FollowedTable& table) {
  return cat("DELETE FROM ", table.name, ";", about(table.add, "memories.", "memories"));
}

std::array<std::string, 3> triggers_of(const FollowedTable& table) {
  return {cat(table.name, "_added"), cat(table.name, "_changed"), cat(table.name, "_removed")};
}

std::string making(const FollowedTable& table) {
  const auto [added, changed, removed] = triggers_of(table);
  const std::string add = about_row(table.add, "NEW."), remove = about_row(table.remove, "OLD.");
  std::string sql;
  for (const std::string& trigger : triggers_of(table)) {
    sql += cat("DROP TRIGGER IF EXISTS ", trigger, ";");
  }
  return cat(sql, "CREATE TABLE IF NOT EXISTS ", table.name, " (", table.columns,
             ") WITHOUT ROWID;", "CREATE TRIGGER ", added, " AFTER INSERT ON memories BEGIN ", add,
             " END;", "CREATE TRIGGER ", changed, " AFTER UPDATE OF ", table.updates,
             " ON memories BEGIN ", remove, add, " END;", "CREATE TRIGGER ", removed,
             " AFTER DELETE ON memories BEGIN ", remove, " END;", filling(table));
}

bool is_complete(const FollowedTable& table, const std::set<std::string>& present) {
  return present.contains(cat("table ", table.name)) &&
         std::ranges::all_of(triggers_of(table), [&present](const std::string& trigger) {
           return present.contains(cat("trigger ", trigger));
         });
}

}  // namespace

bool are_followed_tables_complete(const std::set<std::string>& present) {
  return std::ranges::all_of(followed_tables(), [&present](const FollowedTable& table) {
    return is_complete(table, present);
  });
}

Status ensure_followed_tables(sqlite::Connection& db, const std::set<std::string>& present) {
  for (const FollowedTable& table : followed_tables()) {
    if (!is_complete(table, present)) CORTEX_TRY(db.exec(making(table)));
  }
  return {};
}

Status refill_followed_tables(sqlite::Connection& db) {
  for (const FollowedTable& table : followed_tables()) CORTEX_TRY(db.exec(filling(table)));
  return {};
}

}  // namespace cortex::store
