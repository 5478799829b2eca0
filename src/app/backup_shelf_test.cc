#include "app/backup_shelf.h"

#include "app/app_fixture.h"

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
  std::string shelf_ = folder_ / "shelf";
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

TEST_F(BackupShelfTest, WhereNothingVerifiesNothingGoes) {
  for (const char* day : {"01", "02", "03"}) damage(day);
  const auto report = prune(true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->newest_verified, "");
  EXPECT_EQ(names_in(shelf_).size(), 3U);
}

}  // namespace
}  // namespace cortex::app
