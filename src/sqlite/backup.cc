#include "sqlite/backup.h"

#include <memory>
#include <optional>
#include <utility>

#include <sqlite3.h>

#include "sqlite/failure.h"
#include "sqlite/transaction.h"

namespace cortex::sqlite {
namespace {

constexpr int kPagesPerStep = 512;  // 2 MiB at the usual page size
// Consecutive refusals of one step. Each BUSY has already waited for the busy timeout.
constexpr int kRefusalsMax = 4;
constexpr int kRefusalPauseMillis = 50;

struct BackupFinisher {
  void operator()(sqlite3_backup* backup) const noexcept { sqlite3_backup_finish(backup); }
};

bool is_refusal(int result_code) {
  const int primary = result_code & 0xff;
  return primary == SQLITE_BUSY || primary == SQLITE_LOCKED;
}

std::uint64_t pages(int count) { return count < 0 ? 0U : static_cast<std::uint64_t>(count); }

// Steps to the end. The result code of the step that failed, else SQLITE_DONE.
Result<int> step_to_end(sqlite3_backup* backup, const CopyProgress& progress) {
  int refusals = 0;
  while (true) {
    const int result_code = sqlite3_backup_step(backup, kPagesPerStep);
    if (is_refusal(result_code)) {
      if (++refusals > kRefusalsMax) return result_code;
      sqlite3_sleep(kRefusalPauseMillis);
      continue;
    }
    if (result_code != SQLITE_OK && result_code != SQLITE_DONE) return result_code;
    refusals = 0;
    const int total = sqlite3_backup_pagecount(backup);
    if (progress) {
      CORTEX_TRY(progress(pages(total - sqlite3_backup_remaining(backup)), pages(total)));
    }
    if (result_code == SQLITE_DONE) return result_code;
  }
}

}  // namespace

Status copy_database(Connection& source, Connection& destination, const CopyProgress& progress) {
  std::optional<Transaction> snapshot;
  if (!source.in_transaction()) {
    CORTEX_ASSIGN(auto transaction, Transaction::begin(source, Transaction::Kind::kDeferred));
    snapshot.emplace(std::move(transaction));
    // BEGIN alone fixes nothing: the first read does.
    CORTEX_TRY(source.query_int("SELECT count(*) FROM sqlite_schema"));
  }
  std::unique_ptr<sqlite3_backup, BackupFinisher> backup(
      sqlite3_backup_init(destination.handle(), "main", source.handle(), "main"));
  if (backup == nullptr) {
    return sqlite_error(destination.handle(), sqlite3_extended_errcode(destination.handle()),
                        "cannot start the copy of the database");
  }
  CORTEX_ASSIGN(const int stepped, step_to_end(backup.get(), progress));
  // Finishing commits or rolls back the destination, and repeats the error of the last step.
  const int finished = sqlite3_backup_finish(backup.release());
  if (stepped != SQLITE_DONE) {
    return sqlite_error(nullptr, stepped, "cannot copy the database");
  }
  if (finished != SQLITE_OK) {
    return sqlite_error(destination.handle(), finished, "cannot finish the copy of the database");
  }
  return {};
}

}  // namespace cortex::sqlite
