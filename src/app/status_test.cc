#include "app/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/backup.h"
#include "app/init.h"

namespace cortex::app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class StatusTest : public AppTest {
 protected:
  StatusReport look() {
    const FolderState before = state_of(live_);
    auto report = status(services_, layout_);
    EXPECT_TRUE(report.ok()) << report.error().text();
    EXPECT_EQ(state_of(live_), before) << "status only reads";
    return report.ok() ? std::move(report).value() : StatusReport{};
  }
  void make_backup(bool verify = true) {
    ledger::ChainReport failures;
    const auto made = backup(services_, {layout_, out_, verify}, failures);
    ASSERT_TRUE(made.ok()) << made.error().text();
  }
};

TEST_F(StatusTest, NothingThere_AdvisesInit) {
  layout_ = layout_in(folder_ / "none");
  const StatusReport report = look();
  EXPECT_FALSE(report.has_store);
  EXPECT_FALSE(report.has_ledger);
  EXPECT_THAT(report.next_steps, ElementsAre(StartsWith("cortex init ")));
  EXPECT_THAT(report.unverified, IsEmpty());
  EXPECT_EQ(kind_of(folder_ / "none"), fs::Kind::kMissing);
}

TEST_F(StatusTest, FreshDeployment_HasMigrationsPendingAndNoHead) {
  const StatusReport report = look();
  EXPECT_TRUE(report.has_store && report.has_ledger);
  EXPECT_EQ(report.pending_migrations, 10U);
  EXPECT_EQ(report.ledger_rows, 0U);
  EXPECT_FALSE(report.head.has_value());
  EXPECT_THAT(report.next_steps, Contains(StartsWith("cortex ingest ")));
  const json::Value document = to_json(report);
  EXPECT_TRUE(document.find("chain_head")->is_null());
  EXPECT_TRUE(document.find("last_backup")->is_null());
}

TEST_F(StatusTest, MirrorThatIsUpToDate_HasNoLag) {
  fill(3);
  const StatusReport report = look();
  EXPECT_EQ(report.ledger_rows, 3U);
  EXPECT_EQ(report.mirrored_rows, 3U);
  EXPECT_EQ(report.mirror_lag_rows, 0U);
  EXPECT_EQ(report.counts.events, 3U);
  EXPECT_EQ(report.ledger_bytes, get(log_).size());
  EXPECT_THAT(report.next_steps, Not(Contains(StartsWith("cortex doctor"))));
  EXPECT_THAT(report.next_steps, Contains(StartsWith("cortex backup ")));
  EXPECT_THAT(report.unverified, ElementsAre(HasSubstr("hash chain"), HasSubstr("store")));
}

TEST_F(StatusTest, LaggingMirror_IsCountedInRows) {
  fill(2);
  append(3, 3);
  const StatusReport report = look();
  EXPECT_EQ(report.ledger_rows, 5U);
  EXPECT_EQ(report.mirrored_rows, 2U);
  EXPECT_EQ(report.mirror_lag_rows, 3U);
  EXPECT_THAT(report.next_steps, Contains(StartsWith("cortex doctor --repair ")));
}

TEST_F(StatusTest, MirrorOfAnotherLedger_CountsForNothing) {
  fill(2);
  put(log_, "");
  append(11, 3);
  const StatusReport report = look();
  EXPECT_EQ(report.mirrored_rows, 0U);
  EXPECT_EQ(report.mirror_lag_rows, 3U);
}

TEST_F(StatusTest, TornTail_IsMeasuredAndLeft) {
  fill(2);
  put(log_, get(log_) + "{\"id\":");
  const StatusReport report = look();
  EXPECT_EQ(report.ledger_rows, 2U);
  EXPECT_EQ(to_json(report).find("torn_tail_bytes")->as_number()->u, 6U);
  EXPECT_THAT(report.next_steps, Contains(StartsWith("cortex audit repair-tail ")));
}

TEST_F(StatusTest, ConflictsOfTheMirror_AreCounted) {
  fill(2);
  exec(
      "INSERT INTO cortex_mirror_conflicts(event_id, ledger_row, kind, detail, recorded_at)"
      " VALUES ('e', 1, 'duplicate_id', 'd', 'now')");
  EXPECT_EQ(look().mirror_conflicts, 1U);
}

TEST_F(StatusTest, UnreadableFiles_AreErrorsWithACodeOfTheirOwn) {
  put(db_, std::string(8192, 'x'));
  EXPECT_EQ(code_of(status(services_, layout_)), Code::kPrecondition);
  put(db_, "");
  put(log_, "no row\n");
  EXPECT_EQ(code_of(status(services_, layout_)), Code::kChain);
}

TEST_F(StatusTest, LastBackup_IsRememberedAndItsAgeInRowsKnown) {
  fill(3);
  make_backup();
  StatusReport report = look();
  ASSERT_TRUE(report.last_backup.has_value());
  EXPECT_EQ(report.last_backup->bundle_dir, fs_.canonical(out_).value());
  EXPECT_EQ(report.last_backup->made_at, clock_.time);
  EXPECT_TRUE(report.last_backup->verified);
  EXPECT_TRUE(report.last_backup->present);
  EXPECT_EQ(report.rows_since_backup, 0U);
  EXPECT_THAT(report.next_steps, Not(Contains(StartsWith("cortex backup "))));
  append(4, 2);
  report = look();
  EXPECT_EQ(report.rows_since_backup, 2U);
  EXPECT_THAT(report.next_steps, Contains(StartsWith("cortex backup ")));
}

TEST_F(StatusTest, BackupOfAnotherHistory_HoldsNothingOfThisOne) {
  append(1, 3);
  const std::string common = get(log_);
  append(4, 1);
  mirror();
  make_backup();
  // As after the restore of an older bundle: as long as the other one, and not the same.
  put(log_, common);
  append(5, 2);
  EXPECT_FALSE(look().last_backup->is_of_this_ledger) << "the store mirrors the other one";
  for (const char* store : {"none", "empty", "mirrored"}) {
    if (store == std::string("none")) {
      ASSERT_TRUE(fs_.remove_file(db_).ok());
    } else {
      put(db_, "");
    }
    if (store == std::string("mirrored")) mirror();
    const StatusReport report = look();
    ASSERT_TRUE(report.last_backup.has_value()) << store;
    EXPECT_FALSE(report.last_backup->is_of_this_ledger) << store;
    EXPECT_EQ(report.rows_since_backup, 5U) << store;
    EXPECT_FALSE(*to_json(report).find("last_backup")->find("of_this_ledger")->as_bool()) << store;
  }
  EXPECT_THAT(look().next_steps, Contains(StartsWith("cortex backup ")));
}

TEST_F(StatusTest, BackupThatTheStoreHasNotMirrored_IsOfThisLedger) {
  fill(2);
  append(3, 1);
  make_backup();
  const StatusReport report = look();
  EXPECT_TRUE(report.last_backup->is_of_this_ledger);
  EXPECT_EQ(report.rows_since_backup, 0U);
}

TEST_F(StatusTest, LongerBackupWithoutAHead_IsOfAnotherHistory) {
  fill(1);
  put(fs::join(live_, "cortex_last_backup.json"),
      "{\"bundle_dir\":\"b\",\"made_at\":\"2026-01-02T03:04:05Z\",\"ledger_rows\":2,\"verified\":"
      "true}");
  EXPECT_FALSE(look().last_backup->is_of_this_ledger);
}

TEST_F(StatusTest, BackupThatIsGoneOrWasNotVerified_IsSaid) {
  fill(1);
  make_backup(false);
  EXPECT_THAT(look().unverified, Contains(HasSubstr("--no-verify")));
  ASSERT_TRUE(fs::remove_tree(fs_, out_).ok());
  const StatusReport report = look();
  EXPECT_FALSE(report.last_backup->present);
  EXPECT_THAT(report.next_steps, Contains(StartsWith("cortex backup ")));
  EXPECT_FALSE(*to_json(report).find("last_backup")->find("present")->as_bool());
}

TEST_F(StatusTest, NotesThatAreNone_CountAsNoBackup) {
  fill(1);
  const std::string note = fs::join(live_, "cortex_last_backup.json");
  for (const char* text :
       {"", "[]", "{}", "{\"bundle_dir\":1,\"made_at\":\"x\",\"ledger_rows\":1,\"verified\":true}",
        "{\"bundle_dir\":\"b\",\"made_at\":\"yesterday\",\"ledger_rows\":1,\"verified\":true}",
        "{\"bundle_dir\":\"b\",\"made_at\":\"2026-01-02T03:04:05Z\",\"ledger_rows\":1}"}) {
    put(note, text);
    EXPECT_FALSE(look().last_backup.has_value()) << text;
  }
}

}  // namespace
}  // namespace cortex::app
