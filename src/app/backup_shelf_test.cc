#include "app/backup_shelf.h"

#include <unistd.h>

#include "app/app_fixture.h"
#include "bundle/increment_make.h"

namespace cortex::app {
namespace {

class BackupShelfTest : public AppTest {
 protected:
  void SetUp() override {
    fill(2);
    for (const char* day : {"01", "02", "03"}) {
      clock_.time = *parse_strict_rfc3339(cat("2026-03-", day, "T10:00:00Z"));
      out_ = fs::join(shelf_, day);
      ASSERT_TRUE(back_up().ok());
    }
  }
  Result<PruneReport> prune(bool apply) {
    return prune_backups(services_, {shelf_, {.last = 1}, apply});
  }
  void damage(const std::string& day) {
    const std::string path = fs::join(shelf_, day + "/events.jsonl");
    std::string ledger = get(path);
    ledger[10] = static_cast<char>(ledger[10] ^ 1);
    put(path, ledger);
  }
  void continue_bundle(const std::string& parent, const std::string& name) {
    clock_.time.seconds += 3600;
    append(next_row_++, 1);
    mirror();
    const auto made = bundle::make_increment(services_.fs,
                                             {.db_path = db_,
                                              .event_log_path = log_,
                                              .parent = fs::join(shelf_, parent),
                                              .output = fs::join(shelf_, name),
                                              .work_dir = live_},
                                             clock_, random_);
    ASSERT_TRUE(made.ok()) << made.error().text();
  }
  std::string shelf_ = folder_ / "shelf";
  std::uint64_t next_row_ = 3;
};

TEST_F(BackupShelfTest, ADryRunRemovesNothing_ApplyRemovesWhatNoRuleKeeps) {
  auto report = prune(false);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_GT(report->bytes_freed, 0U);
  EXPECT_EQ(names_in(shelf_).size(), 3U);
  report = prune(true);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(names_in(shelf_), std::vector<std::string>{"03"});
  EXPECT_EQ(code_of(prune_backups(services_, {shelf_, {}, true})), Code::kUsage);
}

TEST_F(BackupShelfTest, TheNewestThatVerifiesStays) {
  damage("03");
  const auto report = prune(true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->newest_verified, "02");
  EXPECT_EQ(names_in(shelf_), (std::vector<std::string>{"02", "03"}));
}

TEST_F(BackupShelfTest, ALinkIsNoBundle_SoThatItsTargetStays) {
  ASSERT_EQ(::symlink("03", fs::join(shelf_, "zz").c_str()), 0);
  const auto report = prune(true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->newest_verified, "03");
  EXPECT_EQ(names_in(shelf_), (std::vector<std::string>{"03", "zz"}));
}

TEST_F(BackupShelfTest, WhatABrokenIncrementContinuesStays) {
  continue_bundle("03", "one");
  continue_bundle("one", "two");
  put(fs::join(shelf_, "one/extra"), "");
  clock_.time.seconds += 3600;
  out_ = fs::join(shelf_, "whole");
  ASSERT_TRUE(back_up().ok());
  const auto report = prune(true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->newest_verified, "whole");
  EXPECT_EQ(names_in(shelf_), (std::vector<std::string>{"03", "one", "whole"}));
}

TEST_F(BackupShelfTest, WhatAnUnreadableIncrementMayContinueStays) {
  continue_bundle("02", "one");
  put(fs::join(shelf_, fs::join("one", bundle::kIncrementName)), "{}");
  clock_.time.seconds += 3600;
  out_ = fs::join(shelf_, "whole");
  ASSERT_TRUE(back_up().ok());
  ASSERT_TRUE(prune(true).ok());
  EXPECT_EQ(names_in(shelf_), (std::vector<std::string>{"01", "02", "03", "one", "whole"}));
  ASSERT_TRUE(fs::remove_tree(fs_, fs::join(shelf_, "one")).ok());
  ASSERT_TRUE(prune(true).ok());
  EXPECT_EQ(names_in(shelf_), (std::vector<std::string>{"whole"}));
}

TEST_F(BackupShelfTest, WhereNothingVerifiesNothingGoes) {
  for (const char* day : {"01", "02", "03"}) damage(day);
  const auto report = prune(true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->newest_verified, "");
  EXPECT_EQ(names_in(shelf_).size(), 3U);
}

}  // namespace
}  // namespace cortex::app
