#include "app/rebuild.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "app/memory_erase.h"
#include "app/open_store.h"
#include "app/operations.h"
#include "base/check.h"
#include "base/text.h"
#include "ledger/append_log.h"
#include "ledger/row_stream.h"
#include "ledger/verify.h"
#include "sqlite/backup.h"
#include "sqlite/transaction.h"
#include "store/followed_tables.h"
#include "store/migrations.h"
#include "store/mirror.h"
#include "store/mirror_row.h"
#include "store/open.h"
#include "store/private_schema.h"
#include "store/schema_query.h"

namespace cortex::app {
namespace {

constexpr store::ProjectedTable kEvents = {"events", "id"};

// "table.key = other.key" for all columns of the key.
std::string same_key_sql(const store::ProjectedTable& table, std::string_view other) {
  std::string out;
  for (const std::string_view column : split(table.key, ',')) {
    out += cat(out.empty() ? "" : " AND ", table.name, ".", trim(column), " = ", other, ".",
               trim(column));
  }
  return out;
}

// Rows to be written are kept in a temporary table until the table is no longer walked.
class Mending {
 public:
  static Result<Mending> begin(sqlite::Connection& db, const store::ProjectedTable& table,
                               std::string columns) {
    CORTEX_TRY(db.exec(cat("CREATE TEMP TABLE cortex_mending AS SELECT ", columns, " FROM ",
                           table.name, " WHERE 0")));
    int count = 0;
    std::string places;
    for (const std::string_view column : split(columns, ',')) {
      static_cast<void>(column);
      places += cat(places.empty() ? "?" : ", ?", ++count);
    }
    CORTEX_ASSIGN(auto insert, db.prepare(cat("INSERT INTO cortex_mending(", columns, ") VALUES(",
                                              places, ")")));
    return Mending(db, table, std::move(columns), std::move(insert), count);
  }

  // Keeps what differs or is missing; while it is used the object stays where it is.
  store::SeenRow keeper() {
    return [this](const store::ProjectedTable&, sqlite::Statement& row) { return keep(row); };
  }

  // Not as an upsert: a trigger of the store (private_schema.h) ignores inserts of rows that are
  // there already.
  Status write() {
    const std::string same = same_key_sql(*table_, "m");
    std::string sets;
    for (const std::string_view column : split(columns_, ',')) {
      sets += cat(sets.empty() ? "" : ", ", trim(column), " = m.", trim(column));
    }
    CORTEX_TRY(db_->exec(
        cat("UPDATE ", table_->name, " SET ", sets, " FROM cortex_mending m WHERE ", same)));
    CORTEX_TRY(db_->exec(cat("INSERT INTO ", table_->name, "(", columns_, ") SELECT ", columns_,
                             " FROM cortex_mending m WHERE NOT EXISTS (SELECT 1 FROM ",
                             table_->name, " WHERE ", same, ")")));
    return db_->exec("DROP TABLE cortex_mending");
  }

 private:
  Mending(sqlite::Connection& db, const store::ProjectedTable& table, std::string columns,
          sqlite::Statement insert, int count)
      : db_(&db),
        table_(&table),
        columns_(std::move(columns)),
        insert_(std::move(insert)),
        count_(count) {}

  // `row`: key columns, then all columns.
  Status keep(const sqlite::Statement& row) {
    for (int i = 0; i < count_; ++i) CORTEX_TRY(copy(row, table_->key_columns + i, i + 1));
    return insert_.run();
  }

  Status copy(const sqlite::Statement& row, int from, int to) {
    using Type = sqlite::Statement::ColumnType;
    switch (row.column_type(from)) {
      case Type::kNull:
        return insert_.bind(to, nullptr);
      case Type::kInteger:
        return insert_.bind(to, row.column_int(from));
      case Type::kReal:
        return insert_.bind(to, row.column_double(from));
      case Type::kText:
        return insert_.bind(to, row.column_text(from));
      case Type::kBlob:
        return insert_.bind(to, row.column_blob(from));
    }
    return {};
  }

  sqlite::Connection* db_;
  const store::ProjectedTable* table_;
  std::string columns_;
  sqlite::Statement insert_;
  int count_;
};

// The numbers of the ledger's rows, in its order; rows that it does not account for keep theirs and
// come first. A missing row was written behind those that followed it.
Status number_as_in_ledger(sqlite::Connection& db, sqlite::Connection& rebuilt,
                           const store::ProjectedTable& table) {
  constexpr std::string_view kNumbers = "CREATE TEMP TABLE cortex_numbers(number INTEGER, ";
  CORTEX_TRY(db.exec(cat(kNumbers, table.key, ", PRIMARY KEY(", table.key, ")) WITHOUT ROWID")));
  CORTEX_CHECK(table.key_columns == 2);
  CORTEX_ASSIGN(auto insert, db.prepare("INSERT INTO cortex_numbers VALUES(?1, ?2, ?3)"));
  CORTEX_ASSIGN(auto rows, rebuilt.prepare(cat("SELECT ", table.number, ", ", table.key, " FROM ",
                                               table.name)));
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) break;
    CORTEX_TRY(insert.bind_all(rows.column_int(0), rows.column_text(1), rows.column_text(2)));
    CORTEX_TRY(insert.run());
  }
  CORTEX_ASSIGN(const std::int64_t last,
                db.query_int(cat("SELECT max(", table.number, ") FROM ", table.name)));
  // By way of negative numbers: none is there twice in between.
  CORTEX_TRY(db.exec(cat("UPDATE ", table.name, " SET ", table.number, " = -", table.number)));
  CORTEX_TRY(db.exec(cat("UPDATE ", table.name, " SET ", table.number, " = ", last,
                         " + n.number FROM cortex_numbers n WHERE ", same_key_sql(table, "n"))));
  CORTEX_TRY(db.exec(cat("UPDATE ", table.name, " SET ", table.number, " = -", table.number,
                         " WHERE ", table.number, " < 0")));
  return db.exec("DROP TABLE cortex_numbers");
}

Result<store::TableComparison> mend_table(sqlite::Connection& db, sqlite::Connection& rebuilt,
                                          const store::ProjectedTable& table) {
  CORTEX_ASSIGN(const std::string columns, store::columns_of(rebuilt, table));
  CORTEX_ASSIGN(Mending mending, Mending::begin(db, table, columns));
  CORTEX_ASSIGN(auto result,
                store::compare_table(db, rebuilt, table, columns, {mending.keeper(), {}}));
  CORTEX_TRY(mending.write());
  if (!result.holds() && !table.number.empty()) CORTEX_TRY(number_as_in_ledger(db, rebuilt, table));
  return result;
}

// Operations that the store had not followed: their rows stand in the tables now.
Status remember_operations(sqlite::Connection& db, sqlite::Connection& rebuilt) {
  CORTEX_ASSIGN(auto insert,
                db.prepare("INSERT OR IGNORE INTO cortex_operations(event_id, name, outcome,"
                           " detail) VALUES(?1, ?2, ?3, ?4)"));
  CORTEX_ASSIGN(auto rows,
                rebuilt.prepare("SELECT event_id, name, outcome, detail FROM cortex_operations"));
  for (;;) {
    CORTEX_ASSIGN(const bool more, rows.step());
    if (!more) return {};
    CORTEX_TRY(insert.bind_all(rows.column_text(0), rows.column_text(1), rows.column_text(2),
                               rows.column_text(3)));
    CORTEX_TRY(insert.run());
  }
}

// What the ledger does not hold is kept in cortex_mirror_conflicts, and taken out of `events`
// unless other rows refer to it.
constexpr std::string_view kRecordForeign =
    "INSERT INTO cortex_mirror_conflicts(event_id, ledger_row, kind, detail, recorded_at,"
    " store_row_json) SELECT id, 0, 'not_in_ledger', 'taken out by doctor --repair --from-ledger',"
    " ?1, json_object('schema_version', schema_version, 'observed_at', observed_at, 'recorded_at',"
    " recorded_at, 'source_json', source_json, 'event_type', event_type, 'payload_json',"
    " payload_json, 'payload_hash', payload_hash, 'prev_event_hash', prev_event_hash,"
    " 'event_hash', event_hash) FROM events WHERE id IN (SELECT id FROM cortex_foreign)";
constexpr std::string_view kRemoveForeign =
    "DELETE FROM events WHERE id IN (SELECT id FROM cortex_foreign) AND id NOT IN"
    " (SELECT event_id FROM trace_events) AND id NOT IN (SELECT source_event_id FROM"
    " outcome_memory_relations WHERE source_event_id IS NOT NULL)";

Status mend_events(Services& services, sqlite::Connection& db, sqlite::Connection& rebuilt,
                   RebuildReport& report) {
  CORTEX_TRY(db.exec("CREATE TEMP TABLE cortex_foreign(id TEXT PRIMARY KEY) WITHOUT ROWID"));
  CORTEX_ASSIGN(auto remember, db.prepare("INSERT INTO cortex_foreign(id) VALUES(?1)"));
  const auto on_foreign = [&remember](const store::ProjectedTable&,
                                      sqlite::Statement& row) -> Status {
    CORTEX_TRY(remember.bind(1, row.column_text(0)));
    return remember.run();
  };
  const std::string columns(store::kMirrorColumns);
  CORTEX_ASSIGN(Mending mending, Mending::begin(db, kEvents, columns));
  CORTEX_ASSIGN(const auto found, store::compare_table(db, rebuilt, kEvents, columns,
                                                       {mending.keeper(), on_foreign}));
  // Foreign rows go first: one of them may have the hash of a row of the ledger.
  CORTEX_ASSIGN(auto record, db.prepare(kRecordForeign));
  CORTEX_TRY(record.bind_all(format_rfc3339(services.clock.now(), Offset::kPlus00)));
  CORTEX_TRY(record.run());
  CORTEX_TRY(db.exec(std::string(kRemoveForeign)));
  report.rows_removed = static_cast<std::uint64_t>(db.changes());
  report.rows_kept = found.unaccounted - report.rows_removed;
  report.rows_from_ledger = found.differing + found.missing;
  CORTEX_TRY(mending.write());
  return db.exec("DROP TABLE cortex_foreign");
}

// Operations that a former program did not know or could not apply are tried again, in order.
Status retry_operations(sqlite::Connection& db, ledger::AppendLog& log) {
  CORTEX_ASSIGN(const auto waiting,
                store::text_column(db,
                                   "SELECT event_id FROM cortex_operations WHERE outcome <>"
                                   " 'applied' ORDER BY event_id LIMIT 1"));
  if (waiting.empty()) return {};
  ledger::RowStream rows(log.file(), 0, log.size_bytes());
  for (;;) {
    CORTEX_ASSIGN(const core::DecodedEvent* row, rows.next());
    if (row == nullptr) return {};
    if (!store::looks_like_operation(row->event, row->raw_payload)) continue;
    CORTEX_TRY(store::project(db, projector(), row->event, row->raw_payload));
  }
}

// With what SQLite puts beside it.
Status discard_database(fs::FileSystem& fs, const std::string& path) {
  for (const std::string_view ending : {"", "-journal", "-wal", "-shm"}) {
    const std::string file = cat(path, ending);
    CORTEX_ASSIGN(const fs::Info info, fs.lstat(file));
    if (info.kind != fs::Kind::kMissing) CORTEX_TRY(fs.remove_file(file));
  }
  return {};
}

// SQLite would create the file readable for others.
Status write_copy(fs::FileSystem& fs, sqlite::Connection& db, const std::string& path) {
  CORTEX_TRY(fs::write_new(fs, path, "", 0600));
  CORTEX_ASSIGN(auto copy, sqlite::Connection::open(path, sqlite::OpenMode::kReadWrite));
  return sqlite::copy_database(db, copy);
}

// The copy has its name when it is complete. What an earlier run left of one, killed or out of
// space, goes first.
Status copy_store(fs::FileSystem& fs, sqlite::Connection& db, const std::string& draft,
                  const std::string& path) {
  CORTEX_TRY(discard_database(fs, draft));
  Status copied = write_copy(fs, db, draft);
  if (copied.ok()) copied = fs.rename_no_replace(draft, path);
  if (copied.ok()) return fs.sync_directory(fs::parent_of(path));
  static_cast<void>(discard_database(fs, draft).ok());  // the failure that is told is the copy's
  Error error = with_context(std::move(copied).error(), "the store could not be copied");
  error.unchanged = "the store was not changed";
  return error;
}

// What was erased from the ledger would stay in the copy.
Status require_erasures_ended(sqlite::Connection& db, ledger::AppendLog& log) {
  CORTEX_ASSIGN(const std::string memory, interrupted_erasure(db, log.file(), log.size_bytes()));
  if (memory.empty()) return {};
  Error error =
      make_error(Code::kPrecondition, cat("the erasure of the memory ", memory, " was interrupted"),
                 "the store was not changed", next_of_erasure(memory));
  error.token = kErasureUnfinishedToken;
  return error;
}

Status check_chain(ledger::AppendLog& log) {
  CORTEX_ASSIGN(const auto chain, ledger::verify_chain(log.file(), log.size_bytes(),
                                                       {.threads = ledger::verify_threads()}));
  if (chain.closed()) return {};
  return make_error(
      Code::kIntegrity,
      cat("the ledger is not what was written: ", counted(chain.failures_total, "failure"),
          ", the first one in row ", chain.failures.front().line),
      "the store was not changed", "restore the ledger from a backup first");
}

Status mend(Services& services, sqlite::Connection& db, ledger::AppendLog& log,
            RebuildReport& report) {
  CORTEX_ASSIGN(sqlite::Connection rebuilt, project_ledger(services, log.file(), log.size_bytes()));
  CORTEX_TRY(db.exec("PRAGMA defer_foreign_keys = ON"));
  CORTEX_TRY(mend_events(services, db, rebuilt, report));
  CORTEX_TRY(retry_operations(db, log));
  for (const store::ProjectedTable& table : store::projected_tables()) {
    CORTEX_ASSIGN(report.tables.emplace_back(), mend_table(db, rebuilt, table));
  }
  CORTEX_TRY(remember_operations(db, rebuilt));
  // Another program may have replaced rows of memories, which fires no trigger of ours.
  CORTEX_TRY(store::refill_followed_tables(db));
  CORTEX_ASSIGN(report.operations, operation_outcomes(db));
  CORTEX_ASSIGN(store::MirrorState state, store::read_mirror_state(rebuilt));
  CORTEX_ASSIGN(auto mirror,
                store::MirrorWriter::begin(db, std::move(state), services.clock, projector()));
  return mirror.finish();
}

}  // namespace

Result<sqlite::Connection> project_ledger(Services& services, fs::File& ledger,
                                          std::uint64_t size_bytes) {
  CORTEX_ASSIGN(auto db, sqlite::Connection::open_temporary());
  CORTEX_TRY(store::apply_pending(db));
  CORTEX_TRY(store::ensure_private_schema(db));
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate));
  CORTEX_ASSIGN(auto mirror, store::catch_up(db, ledger, size_bytes, services.clock, projector()));
  CORTEX_TRY(mirror.finish());
  CORTEX_TRY(transaction.commit());
  return db;
}

Result<OperationOutcomes> operation_outcomes(sqlite::Connection& db) {
  OperationOutcomes out;
  CORTEX_ASSIGN(const bool present, store::object_exists(db, "table", "cortex_operations"));
  if (!present) return out;
  CORTEX_ASSIGN(auto counts, db.prepare("SELECT count(*) FILTER (WHERE outcome = 'applied'),"
                                        " count(*) FILTER (WHERE outcome = 'unknown'),"
                                        " count(*) FILTER (WHERE outcome = 'failed')"
                                        " FROM cortex_operations"));
  CORTEX_ASSIGN([[maybe_unused]] const bool one_row, counts.step());
  out.applied = static_cast<std::uint64_t>(counts.column_int(0));
  out.unknown = static_cast<std::uint64_t>(counts.column_int(1));
  out.failed = static_cast<std::uint64_t>(counts.column_int(2));
  if (out.failed == 0) return out;
  CORTEX_ASSIGN(out.first_failed,
                db.query_text("SELECT event_id || ' ' || name || ': ' || detail FROM"
                              " cortex_operations WHERE outcome = 'failed' ORDER BY event_id"
                              " LIMIT 1"));
  return out;
}

namespace {

Result<RebuildReport> rebuild(Services& services, const Layout& layout) {
  CORTEX_TRY(require_store(services, layout));
  CORTEX_ASSIGN(auto log, ledger::AppendLog::open(services.fs, layout.event_log_path,
                                                  services.clock, services.random));
  CORTEX_TRY(check_chain(*log));
  CORTEX_ASSIGN(auto opened, store::open_for_writing(layout.db_path));
  sqlite::Connection& db = opened.connection;
  RebuildReport report;
  report.copy_path =
      cat(layout.db_path, ".before-repair-", Ulid::make(services.clock, services.random).text());
  CORTEX_TRY(require_erasures_ended(db, *log));
  CORTEX_TRY(copy_store(services.fs, db, cat(layout.db_path, ".repair-draft"), report.copy_path));
  CORTEX_ASSIGN(auto transaction,
                sqlite::Transaction::begin(db, sqlite::Transaction::Kind::kImmediate));
  if (Status mended = mend(services, db, *log, report); !mended.ok()) {
    // Nothing was changed: the store itself is the store as it was.
    static_cast<void>(services.fs.remove_file(report.copy_path).ok());
    Error error = std::move(mended).error();
    error.unchanged = "the store was not changed";
    return error;
  }
  if (Status committed = transaction.commit(); !committed.ok()) {
    Error error = std::move(committed).error();
    error.unchanged = cat("the store as it was is in ", quoted(report.copy_path));
    return error;
  }
  return report;
}

bool changed_anything(const RebuildReport& report) {
  return report.rows_from_ledger + report.rows_removed > 0 ||
         !std::ranges::all_of(report.tables, &store::TableComparison::holds);
}

}  // namespace

Result<RebuildReport> rebuild_from_ledger(Services& services, const Layout& layout) {
  CORTEX_ASSIGN(RebuildReport report, rebuild(services, layout));
  if (!changed_anything(report)) return report;
  const store::Operation done{"doctor.repair",
                              {{"from", "ledger"},
                               {"rows_from_ledger", report.rows_from_ledger},
                               {"rows_removed", report.rows_removed}}};
  CORTEX_TRY(perform(services, layout, {.actor = "operator", .reason = "doctor --repair"},
                     [&done](sqlite::Connection&) -> Result<std::vector<store::Operation>> {
                       return std::vector{done};
                     }));
  return report;
}

json::Value to_json(const store::TableComparison& comparison) {
  json::Object out{{"table", comparison.table},
                   {"accounted", comparison.accounted},
                   {"differing", comparison.differing},
                   {"missing", comparison.missing},
                   {"unaccounted", comparison.unaccounted}};
  if (!comparison.first_wrong.empty()) out.add("first_wrong", comparison.first_wrong);
  return out;
}

json::Value to_json(const OperationOutcomes& outcomes) {
  json::Object out{
      {"applied", outcomes.applied}, {"unknown", outcomes.unknown}, {"failed", outcomes.failed}};
  if (!outcomes.first_failed.empty()) out.add("first_failed", outcomes.first_failed);
  return out;
}

json::Value to_json(const RebuildReport& report) {
  json::Array tables;
  for (const store::TableComparison& table : report.tables) tables.push_back(to_json(table));
  return json::Object{{"status", "ok"},
                      {"detail", "the store is what the ledger says"},
                      {"copy", report.copy_path},
                      {"rows_from_ledger", report.rows_from_ledger},
                      {"rows_removed", report.rows_removed},
                      {"rows_kept", report.rows_kept},
                      {"tables", std::move(tables)},
                      {"operations", to_json(report.operations)}};
}

}  // namespace cortex::app
