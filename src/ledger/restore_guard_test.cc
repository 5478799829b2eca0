#include "ledger/restore_guard.h"

#include <gtest/gtest.h>

#include "base/fs/test_dir.h"
#include "base/test_seams.h"
#include "ledger/append_log.h"

namespace cortex::ledger {
namespace {

TEST(RestoreGuard, WhileTheJournalIsThereNobodyAppends) {
  const fs::TestDir folder;
  fs::FileSystem& fs = fs::posix();
  StoppedClock clock;
  CountingRandom random;
  const std::string log = folder / "events.jsonl";
  EXPECT_TRUE(check_no_restore(fs, log).ok());
  ASSERT_TRUE(AppendLog::open(fs, log, clock, random).ok());
  ASSERT_TRUE(fs::write_new(fs, restore_state_path(log), "{}", 0600).ok());
  const auto refused = AppendLog::open(fs, log, clock, random);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kPrecondition);
  EXPECT_EQ(refused.error().token, kRestoreUnfinishedToken);
}

}  // namespace
}  // namespace cortex::ledger
