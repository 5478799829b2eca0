// What SQLite reported, as an Error and back.
//
// Every Error of this room has code kInternal, SQLite's own text in the message, and the primary
// result code as token "sqlite.<name>" ("sqlite.busy"). A caller that must tell the kinds apart
// asks failure_of(); the token survives with_code() and with_context().
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"

struct sqlite3;

namespace cortex::sqlite {

enum class Failure : std::uint8_t {
  kNone,          // the error did not come from SQLite
  kBusy,          // another connection holds a lock
  kLocked,        // this connection itself holds a conflicting lock
  kCorrupt,       // the file is a damaged database
  kNotADatabase,  // the file is something else
  kFull,          // no space left
  kReadOnly,      // the file or the connection is read-only
  kCannotOpen,    // missing, or no permission
  kInputOutput,   // the operating system refused a read, write or sync
  kConstraint,    // UNIQUE, CHECK, NOT NULL, foreign key, RAISE(ABORT)
  kInterrupted,
  kOutOfMemory,
  kMisuse,  // a wrong bind index and the like: our own fault
  kOther,   // bad SQL, missing table and everything else
};

// The file itself is damaged, or no database.
constexpr bool is_damage(Failure failure) {
  return failure == Failure::kCorrupt || failure == Failure::kNotADatabase;
}

// The kind of failure that `error` reports, by its token. O(1) in the number of kinds.
Failure failure_of(const Error& error);

// "sqlite.busy" and so on; empty for kNone.
std::string_view token_of(Failure failure);

// The Error for `result_code` (primary or extended). `db` may be null; it must be the connection on
// which the call failed, with no other call made since. `action` says what was attempted.
Error sqlite_error(sqlite3* db, int result_code, std::string_view action);

}  // namespace cortex::sqlite
