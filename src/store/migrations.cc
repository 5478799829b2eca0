#include "store/migrations.h"

#include <algorithm>

#include "base/text.h"
#include "sqlite/transaction.h"
#include "store/migration_steps.h"
#include "store/schema_query.h"

namespace cortex::store {
namespace {

constexpr const char* kCreateBookkeeping = R"sql(CREATE TABLE IF NOT EXISTS _migrations (
  name TEXT PRIMARY KEY,
  applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))))sql";

Result<bool> is_recorded(sqlite::Connection& connection, std::string_view name) {
  CORTEX_ASSIGN(sqlite::Statement statement,
                connection.prepare("SELECT 1 FROM _migrations WHERE name = ?1"));
  CORTEX_TRY(statement.bind_all(name));
  return statement.step();
}

Status record(sqlite::Connection& connection, std::string_view name) {
  CORTEX_ASSIGN(sqlite::Statement statement,
                connection.prepare("INSERT INTO _migrations (name) VALUES (?1)"));
  CORTEX_TRY(statement.bind_all(name));
  return statement.run();
}

Status run_step(sqlite::Connection& connection, const MigrationStep& step) {
  if (!step.column.empty()) {
    CORTEX_ASSIGN(const bool present, column_exists(connection, step.table, step.column));
    if (present) return {};
  }
  return connection.exec(std::string(step.sql));
}

// True: applied by this call. False: someone else was faster.
Result<bool> apply(sqlite::Connection& connection, const Migration& migration) {
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(connection, sqlite::Transaction::Kind::kImmediate));
  CORTEX_TRY(connection.exec(kCreateBookkeeping));
  CORTEX_ASSIGN(const bool recorded, is_recorded(connection, migration.name));
  if (recorded) return false;
  for (const MigrationStep& step : migration.steps) CORTEX_TRY(run_step(connection, step));
  CORTEX_TRY(record(connection, migration.name));
  CORTEX_TRY(transaction.commit());
  return true;
}

Error explained(Error error, std::string_view name) {
  error = with_context(std::move(error), cat("migration ", name, " of the store"));
  error.unchanged = "that migration changed nothing; those before it are complete";
  return error;
}

}  // namespace

Result<std::vector<std::string>> pending(sqlite::Connection& connection) {
  CORTEX_ASSIGN(const bool bookkeeping, object_exists(connection, "table", "_migrations"));
  std::vector<std::string> recorded;
  if (bookkeeping) {
    CORTEX_ASSIGN(recorded, text_column(connection, "SELECT name FROM _migrations"));
  }
  std::vector<std::string> names;
  for (const std::string_view name : kMigrationNames) {
    if (std::ranges::find(recorded, name) == recorded.end()) names.emplace_back(name);
  }
  return names;
}

Result<std::vector<std::string>> apply_pending(sqlite::Connection& connection) {
  CORTEX_TRY(connection.use_wal());
  CORTEX_ASSIGN(const std::vector<std::string> names, pending(connection));
  std::vector<std::string> applied;
  for (const Migration& migration : all_migrations()) {
    if (std::ranges::find(names, migration.name) == names.end()) continue;
    Result<bool> done = apply(connection, migration);
    if (!done.ok()) return explained(std::move(done).error(), migration.name);
    if (*done) applied.emplace_back(migration.name);
  }
  return applied;
}

}  // namespace cortex::store
