#include "sqlite/connection.h"

#include <algorithm>
#include <utility>

#include <sqlite3.h>

#include "base/limits.h"
#include "base/text.h"
#include "sqlite/failure.h"
#include "sqlite/main_file.h"
#include "sqlite/uri.h"

namespace cortex::sqlite {
namespace {

struct ModeRow {
  OpenMode mode;
  int flags;
  std::string_view query;
};

constexpr ModeRow kModes[] = {
    {OpenMode::kReadWrite, SQLITE_OPEN_READWRITE, ""},
    {OpenMode::kReadWriteCreate, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, ""},
    {OpenMode::kReadOnly, SQLITE_OPEN_READONLY, "mode=ro"},
    {OpenMode::kImmutable, SQLITE_OPEN_READONLY, "mode=ro&immutable=1"},
};

const ModeRow& row_of(OpenMode mode) {
  for (const ModeRow& row : kModes) {
    if (row.mode == mode) return row;
  }
  return kModes[0];
}

// Pause between two tries to enter WAL mode; together they last about the busy timeout.
constexpr int kWalRetryMillis = 10;
constexpr int kWalTriesMax = limits::kSqliteBusyMillis / kWalRetryMillis;

constexpr std::size_t kSqlShownMax = 120;

// Steps of SQLite's machine between two looks at the token: some ten microseconds.
constexpr int kStepsBetweenLooks = 4096;

int is_stopped(void* token) {
  return static_cast<const std::stop_token*>(token)->stop_requested() ? 1 : 0;
}

// Files that nobody writes are opened to be looked at as a whole, and looking rows up by index
// thrashes the usual 2 MB. No memory mapping: a read error would be a signal, not an Error.
constexpr const char* kWholeFileCache = "PRAGMA cache_size = -16000";

}  // namespace

void Connection::Closer::operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }

Result<Connection> Connection::open(const std::string& path, OpenMode mode) {
  if (path.empty() || path.find('\0') != std::string::npos) {
    return make_error(Code::kInternal, cat("not a usable database path: ", quoted(path)),
                      "no state was changed", "give the path of a file",
                      token_of(Failure::kCannotOpen));
  }
  const ModeRow& row = row_of(mode);
  sqlite3* db = nullptr;
  const int flags = row.flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE;
  const int opened = sqlite3_open_v2(file_uri(path, row.query).c_str(), &db, flags, nullptr);
  Connection connection(db);  // SQLite makes a handle even when opening fails
  if (opened != SQLITE_OK) {
    Error error = sqlite_error(db, opened, cat("cannot open ", quoted(path)));
    error.unchanged = "no state was changed";
    return error;
  }
  sqlite3_busy_timeout(db, limits::kSqliteBusyMillis);
  CORTEX_TRY(connection.exec("PRAGMA foreign_keys = ON"));
  // A file that is no database fails here; the first statement of the caller will say so.
  if (mode == OpenMode::kImmutable) static_cast<void>(connection.exec(kWholeFileCache).ok());
  return connection;
}

Result<Connection> Connection::open_temporary() {
  sqlite3* db = nullptr;
  constexpr int kFlags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int opened = sqlite3_open_v2("", &db, kFlags, nullptr);
  Connection connection(db);
  if (opened != SQLITE_OK) return sqlite_error(db, opened, "cannot open a temporary database");
  CORTEX_TRY(connection.exec("PRAGMA foreign_keys = ON"));
  CORTEX_TRY(connection.exec(kWholeFileCache));
  return connection;
}

void Connection::stop_on(std::stop_token stop) {
  sqlite3_progress_handler(handle(), 0, nullptr, nullptr);
  stop_.reset();
  if (!stop.stop_possible()) return;
  stop_ = std::make_unique<std::stop_token>(std::move(stop));
  sqlite3_progress_handler(handle(), kStepsBetweenLooks, &is_stopped, stop_.get());
}

Status Connection::exec(const std::string& sql) {
  const int result_code = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result_code == SQLITE_OK) return {};
  return sqlite_error(handle(), result_code, cat("cannot run ", quoted(sql, kSqlShownMax)));
}

Result<Statement> Connection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int result_code =
      sqlite3_prepare_v2(handle(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (result_code != SQLITE_OK) {
    return sqlite_error(handle(), result_code, cat("cannot prepare ", quoted(sql, kSqlShownMax)));
  }
  if (statement == nullptr) {
    return sqlite_error(nullptr, SQLITE_MISUSE, "the SQL text holds no statement");
  }
  return Statement(statement);
}

namespace {

Result<Statement> first_value(Connection& connection, std::string_view sql) {
  CORTEX_ASSIGN(Statement statement, connection.prepare(sql));
  CORTEX_ASSIGN(const bool row, statement.step());
  if (row && !statement.is_null(0)) return statement;
  Error error = make_error(Code::kInternal, cat("no value from ", quoted(sql, kSqlShownMax)));
  error.token = token_of(Failure::kOther);
  error.next = "check the store with `cortex doctor --strict`";
  return error;
}

}  // namespace

Result<std::int64_t> Connection::query_int(std::string_view sql) {
  CORTEX_ASSIGN(const Statement statement, first_value(*this, sql));
  return statement.column_int(0);
}

Result<std::string> Connection::query_text(std::string_view sql) {
  CORTEX_ASSIGN(const Statement statement, first_value(*this, sql));
  return std::string(statement.column_text(0));
}

std::int64_t Connection::changes() const { return sqlite3_changes64(handle()); }

bool Connection::read_only() const { return sqlite3_db_readonly(handle(), "main") == 1; }

bool Connection::in_transaction() const { return sqlite3_get_autocommit(handle()) == 0; }

Result<std::uint64_t> Connection::file_bytes() {
  CORTEX_ASSIGN(sqlite3_file * file, main_file(handle()));
  sqlite3_int64 size = 0;
  const int result_code = file->pMethods->xFileSize(file, &size);
  if (result_code == SQLITE_OK) return static_cast<std::uint64_t>(size);
  return sqlite_error(nullptr, result_code, "cannot ask the size of the database");
}

Result<std::size_t> Connection::read_file(std::uint64_t offset, std::span<char> out) {
  CORTEX_ASSIGN(const std::uint64_t size, file_bytes());
  if (offset >= size) return std::size_t{0};
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), size - offset));
  CORTEX_ASSIGN(sqlite3_file * file, main_file(handle()));
  const int result_code = file->pMethods->xRead(file, out.data(), static_cast<int>(wanted),
                                                static_cast<sqlite3_int64>(offset));
  if (result_code == SQLITE_OK) return wanted;
  return sqlite_error(nullptr, result_code, "cannot read the file of the database");
}

Status Connection::use_wal() {
  for (int attempt = 1;; ++attempt) {
    const Result<std::string> mode = query_text("PRAGMA journal_mode = WAL");
    if (mode.ok()) return {};
    if (failure_of(mode.error()) != Failure::kBusy || attempt >= kWalTriesMax) return mode.error();
    sqlite3_sleep(kWalRetryMillis);
  }
}

Status Connection::set_no_checkpoint_on_close(bool enabled) {
  const int result_code =
      sqlite3_db_config(handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, enabled ? 1 : 0, nullptr);
  if (result_code == SQLITE_OK) return {};
  return sqlite_error(handle(), result_code, "cannot configure the connection");
}

}  // namespace cortex::sqlite
