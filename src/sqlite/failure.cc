#include "sqlite/failure.h"

#include <algorithm>
#include <array>
#include <string>

#include <sqlite3.h>

#include "base/text.h"

namespace cortex::sqlite {
namespace {

struct Row {
  Failure failure;
  int primary_code;
  std::string_view token;
  std::string_view next;
};

constexpr std::string_view kRestoreHint =
    "check the path; a damaged store is made again from a sound ledger: move it aside with its -wal"
    " and -shm, then run `cortex init` and `cortex doctor --repair`; or restore a backup";

// A journal lies beside the file, and a connection that only reads cannot take it back.
constexpr std::string_view kLeftByCrashNext =
    "a crash left a change of the file half done: `cortex doctor --repair` takes it back";

constexpr std::array kRows = {
    Row{Failure::kBusy, SQLITE_BUSY, "sqlite.busy",
        "retry when the other process that uses the store has finished"},
    Row{Failure::kLocked, SQLITE_LOCKED, "sqlite.locked", "retry the command"},
    Row{Failure::kCorrupt, SQLITE_CORRUPT, "sqlite.corrupt", kRestoreHint},
    Row{Failure::kNotADatabase, SQLITE_NOTADB, "sqlite.notadb", kRestoreHint},
    Row{Failure::kFull, SQLITE_FULL, "sqlite.full", "free some disk space and retry"},
    Row{Failure::kReadOnly, SQLITE_READONLY, "sqlite.readonly",
        "check the permissions of the file and of its folder"},
    Row{Failure::kCannotOpen, SQLITE_CANTOPEN, "sqlite.cantopen",
        "check that the file exists and that its permissions allow the access"},
    Row{Failure::kInputOutput, SQLITE_IOERR, "sqlite.ioerr",
        "check that the disk has free space and is sound, then retry"},
    Row{Failure::kConstraint, SQLITE_CONSTRAINT, "sqlite.constraint", "correct the data and retry"},
    Row{Failure::kInterrupted, SQLITE_INTERRUPT, "sqlite.interrupt", "retry the command"},
    Row{Failure::kOutOfMemory, SQLITE_NOMEM, "sqlite.nomem", "free some memory and retry"},
    Row{Failure::kMisuse, SQLITE_MISUSE, "sqlite.misuse", "report this as a bug"},
    Row{Failure::kMisuse, SQLITE_RANGE, "sqlite.range", "report this as a bug"},
    // Last: stands for every code not listed above.
    Row{Failure::kOther, SQLITE_ERROR, "sqlite.error",
        "check the store with `cortex doctor --strict`"},
};

constexpr std::size_t kPathShownMax = 1000;
constexpr int kPrimaryMask = 0xff;  // extended codes carry the primary one in the low byte

const Row& row_of(int primary_code) {
  for (const Row& row : kRows) {
    if (row.primary_code == primary_code) return row;
  }
  return kRows.back();
}

// Of a failure that lies in the file, which file, where `action` does not tell.
std::string file_of(sqlite3* db, Failure failure, std::string_view action) {
  constexpr std::array kOfTheFile = {Failure::kCorrupt, Failure::kNotADatabase, Failure::kFull,
                                     Failure::kReadOnly, Failure::kInputOutput};
  if (db == nullptr || std::ranges::find(kOfTheFile, failure) == kOfTheFile.end()) return {};
  const char* path = sqlite3_db_filename(db, "main");
  if (path == nullptr || *path == '\0') return {};
  std::string shown = quoted(path, kPathShownMax);
  return action.find(shown) == std::string_view::npos ? cat(", in ", shown) : std::string();
}

}  // namespace

Failure failure_of(const Error& error) {
  for (const Row& row : kRows) {
    if (row.token == error.token) return row.failure;
  }
  return Failure::kNone;
}

std::string_view token_of(Failure failure) {
  for (const Row& row : kRows) {
    if (row.failure == failure) return row.token;
  }
  return {};
}

Error sqlite_error(sqlite3* db, int result_code, std::string_view action) {
  const Row& row = row_of(result_code & kPrimaryMask);
  const char* generic = sqlite3_errstr(result_code);
  // The connection's text names the table or constraint, but only while it still describes this
  // very failure.
  const bool described = db != nullptr && sqlite3_errcode(db) == result_code;
  const char* text = described ? sqlite3_errmsg(db) : generic;
  Error error = make_error(Code::kInternal, cat(action, ": ", text, " (SQLite code ", result_code,
                                                ")", file_of(db, row.failure, action)));
  error.token = row.token;
  error.unchanged = "the failed statement changed nothing";
  error.next = row.next;
  if (result_code == SQLITE_READONLY_ROLLBACK || result_code == SQLITE_READONLY_RECOVERY) {
    error.next = kLeftByCrashNext;
  }
  if (db != nullptr && (row.failure == Failure::kCannotOpen ||
                        row.failure == Failure::kInputOutput || row.failure == Failure::kFull)) {
    error.system_errno = sqlite3_system_errno(db);
  }
  return error;
}

}  // namespace cortex::sqlite
