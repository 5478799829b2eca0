// One SQLite connection, closed by its destructor.
//
// Opened without SQLite's own mutex: one thread at a time. Foreign keys are enforced, a lock held
// by someone else is waited for (limits::kSqliteBusyMillis), result codes are extended. Opening
// does not read the file: what is not a database is noticed by the first statement (failure.h,
// kNotADatabase). Statements and transactions must not outlive their connection.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sqlite/statement.h"

struct sqlite3;

namespace cortex::sqlite {

enum class OpenMode : std::uint8_t {
  kReadWrite,        // existing file; read-only when its permissions say so, see read_only()
  kReadWriteCreate,  // creates the file when it is missing
  kReadOnly,         // takes part in locking; needs -wal and -shm when the file is in WAL mode
  kImmutable,        // no locks, no sidecars: only for a file that nobody writes meanwhile
};

class Connection {
 public:
  static Result<Connection> open(const std::string& path, OpenMode mode);
  // A database of its own that nobody else sees: in memory as long as it is small, then in a
  // temporary file that is gone with the connection.
  static Result<Connection> open_temporary();

  // Runs statements separated by semicolons, dropping rows. Statements before the failed one stay
  // in effect (unless a transaction is rolled back).
  Status exec(const std::string& sql);
  // Exactly one statement.
  Result<Statement> prepare(std::string_view sql);
  // First column of the first row. No row and NULL are errors: for COUNT, EXISTS and pragmas.
  Result<std::int64_t> query_int(std::string_view sql);
  Result<std::string> query_text(std::string_view sql);

  // Rows changed by the last INSERT, UPDATE or DELETE, triggers not counted.
  std::int64_t changes() const;
  bool read_only() const;
  bool in_transaction() const;

  // The bytes of the main file as they lie on the disk, read through the connection's own handle:
  // another handle on the file would, when it is closed, give up the locks that this one holds.
  // They are the database only while a read transaction keeps others from changing them and
  // nothing stands in the write-ahead log. Short at the end of the file.
  Result<std::size_t> read_file(std::uint64_t offset, std::span<char> out);
  Result<std::uint64_t> file_bytes();

  // Puts the file into WAL mode; a no-op when it is. The switch needs the file for itself, and
  // SQLite does not always wait for that, so BUSY is retried boundedly. A file system without
  // shared memory keeps the old mode, which is not an error.
  Status use_wal();
  // With true the last connection leaves -wal and -shm in place when it closes.
  Status set_no_checkpoint_on_close(bool enabled);

  // From now on a statement ends when `stop` says so: kInterrupted, and a transaction that it was
  // writing in is over, rolled back. Looked at every few thousand steps of SQLite's machine. A
  // token that cannot be stopped turns it off.
  void stop_on(std::stop_token stop);

  // For the other files of this room.
  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Closer {
    void operator()(sqlite3* db) const noexcept;
  };

  explicit Connection(sqlite3* db) : handle_(db) {}

  std::unique_ptr<std::stop_token> stop_;  // goes after the handle, which looks at it
  std::unique_ptr<sqlite3, Closer> handle_;
};

}  // namespace cortex::sqlite
