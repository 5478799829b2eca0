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

std::vector<FollowedTable> make_followed_tables() {
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

const std::vector<FollowedTable>& followed_tables() {
  static const std::vector<FollowedTable> tables = make_followed_tables();
  return tables;
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

struct Statement {
  std::string object;  // "trigger cortex_memory_tags_added"
  std::string sql;
};

// Each as SQLite keeps it, letter by letter.
std::array<Statement, 4> statements_of(const FollowedTable& table) {
  const std::string add = about_row(table.add, "NEW."), remove = about_row(table.remove, "OLD.");
  const auto trigger = [&table](std::string_view suffix, std::string_view event,
                                std::string_view body) {
    const std::string name = cat(table.name, suffix);
    return Statement{cat("trigger ", name), cat("CREATE TRIGGER ", name, " AFTER ", event,
                                                " ON memories BEGIN ", body, " END")};
  };
  return {Statement{cat("table ", table.name),
                    cat("CREATE TABLE ", table.name, " (", table.columns, ") WITHOUT ROWID")},
          trigger("_added", "INSERT", add),
          trigger("_changed", cat("UPDATE OF ", table.updates), cat(remove, add)),
          trigger("_removed", "DELETE", remove)};
}

// What the store has of a table: itself and every trigger that bears its name, those of other
// versions of this program, too.
std::vector<std::string> present_of(const FollowedTable& table, const SchemaTexts& present) {
  std::vector<std::string> objects;
  const std::string triggers = cat("trigger ", table.name, "_");
  for (auto one = present.lower_bound(triggers);
       one != present.end() && one->first.starts_with(triggers); ++one) {
    objects.push_back(one->first);
  }
  std::string itself = cat("table ", table.name);
  if (present.contains(itself)) objects.push_back(std::move(itself));
  return objects;
}

bool is_as_made_here(const FollowedTable& table, const SchemaTexts& present) {
  const auto statements = statements_of(table);
  return present_of(table, present).size() == statements.size() &&
         std::ranges::all_of(statements, [&present](const Statement& one) {
           const auto found = present.find(one.object);
           return found != present.end() && found->second == one.sql;
         });
}

std::string making_anew(const FollowedTable& table, const SchemaTexts& present) {
  std::string sql;
  for (const std::string& object : present_of(table, present)) sql += cat("DROP ", object, ";");
  for (const Statement& one : statements_of(table)) sql += cat(one.sql, ";");
  return cat(sql, filling(table));
}

}  // namespace

std::vector<std::string> followed_table_names() {
  std::vector<std::string> names;
  for (const FollowedTable& table : followed_tables()) names.emplace_back(table.name);
  return names;
}

bool are_followed_tables_complete(const SchemaTexts& present) {
  return std::ranges::all_of(followed_tables(), [&present](const FollowedTable& table) {
    return is_as_made_here(table, present);
  });
}

Status ensure_followed_tables(sqlite::Connection& db, const SchemaTexts& present) {
  for (const FollowedTable& table : followed_tables()) {
    if (!is_as_made_here(table, present)) CORTEX_TRY(db.exec(making_anew(table, present)));
  }
  return {};
}

Status refill_followed_tables(sqlite::Connection& db) {
  for (const FollowedTable& table : followed_tables()) CORTEX_TRY(db.exec(filling(table)));
  return {};
}

}  // namespace cortex::store
