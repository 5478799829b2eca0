#include "app/restore_run.h"

#include "app/app_fixture.h"
#include "app/doctor.h"
#include "app/restore_apply.h"

namespace cortex::app {
namespace {

class RestoreRunTest : public AppTest {
 protected:
  void SetUp() override {
    fill(2);
    ASSERT_TRUE(back_up().ok());
  }
  Result<RestoreRunReport> run(bool acknowledged, bool dry_run = false) {
    return run(services_, acknowledged, dry_run);
  }
  Result<RestoreRunReport> run(Services& services, bool acknowledged, bool dry_run = false) {
    return restore_run(services, Environment{},
                       {.layout = layout_,
                        .bundle_dir = out_,
                        .dry_run = dry_run,
                        .acknowledged_risk = acknowledged,
                        .client = "test"});
  }
};

TEST_F(RestoreRunTest, RowsThatWouldBeLostBlock_AndNothingChanges) {
  append(3, 1);
  mirror();
  const FolderState before = state_of(live_);
  const auto report = run(false);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->blocked());
  EXPECT_FALSE(report->restored);
  EXPECT_EQ(report->loss->ledger.rows_lost(), 1U);
  EXPECT_EQ(state_of(live_), before);
  EXPECT_FALSE(run(true, true)->restored);
  EXPECT_EQ(state_of(live_), before);
}

TEST_F(RestoreRunTest, AnAcknowledgedRestoreIsVerifiedAndStandsInTheLedger) {
  append(3, 1);
  mirror();
  const auto report = run(true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->restored);
  EXPECT_EQ(report->ledger_rows, 2U);
  EXPECT_EQ(report->note, "");
  EXPECT_NE(get(log_).find("\"cortex_operation\":\"restore.run\""), std::string::npos);
  EXPECT_EQ(count("events"), 3);
  EXPECT_EQ(doctor_strict(services_, layout_, true).code, Code::kOk);
  // A second restore makes room for its own evidence, and the trail of the first one stays.
  ASSERT_TRUE(run(true)->restored);
  EXPECT_EQ(count("audit_records WHERE operation = 'command.restore.run'"), 2);
  EXPECT_EQ(kind_of(fs::join(live_, ".restore-apply-recovery.1")), fs::Kind::kDirectory);
}

TEST_F(RestoreRunTest, AfterADisasterNothingIsThere_OrItIsGarbage) {
  ASSERT_TRUE(fs::remove_tree(fs_, live_).ok());
  auto report = run(false);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->restored);
  EXPECT_EQ(doctor_strict(services_, layout_, true).code, Code::kOk);
  put(db_, "this is no database");
  EXPECT_TRUE(run(false)->blocked());
  report = run(true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->restored);
  EXPECT_EQ(doctor_strict(services_, layout_, true).code, Code::kOk);
}

TEST_F(RestoreRunTest, ADamagedStoreWithTheLogOfADeadProcessIsReplaced) {
  leave_wal();
  damage_store();
  const std::string store = get(db_), log = get(db_ + "-wal");
  const auto report = run(true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_NE(report->current_problem, "");
  EXPECT_TRUE(report->restored);
  EXPECT_EQ(doctor_strict(services_, layout_, true).code, Code::kOk);
  EXPECT_EQ(get(fs::join(report->evidence_folder, "current.cortex.db")), store);
  EXPECT_EQ(get(fs::join(report->evidence_folder, "current.cortex.db-wal")), log);
  // The two are no store to go back to.
  const FolderState after = state_of(live_);
  const auto recovered =
      recover_apply(services_, Environment{},
                    {.layout = layout_,
                     .manifest = fs::join(report->evidence_folder, "RECOVERY_MANIFEST.json"),
                     .acknowledged_restore = true,
                     .acknowledged_temporary = true,
                     .attestation = {},
                     .manifest_signature = {},
                     .operator_key = {}});
  ASSERT_FALSE(recovered.ok());
  EXPECT_EQ(recovered.error().code, Code::kPrecondition);
  EXPECT_NE(recovered.error().message.find("too damaged"), std::string::npos);
  EXPECT_EQ(state_of(live_), after);
}

TEST_F(RestoreRunTest, ADamagedStoreThatSomebodyHasOpenIsNotReplaced) {
  sqlite::Connection holder = connect();
  ASSERT_TRUE(holder.exec("INSERT INTO traces VALUES ('trc_1', 2, 'now', NULL, 'x', 'y')").ok());
  damage_store();
  const std::string store = get(db_), log = get(db_ + "-wal"), ledger = get(log_);
  const auto report = run(true);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kPrecondition);
  EXPECT_NE(report.error().message.find("is in use"), std::string::npos);
  EXPECT_EQ(get(db_), store);
  EXPECT_EQ(get(db_ + "-wal"), log);
  EXPECT_EQ(get(log_), ledger);
}

TEST_F(RestoreRunTest, ABundleThatIsNotSoundIsRefusedFirst) {
  std::string ledger = get(fs::join(out_, "events.jsonl"));
  char& middle = ledger[ledger.size() / 2];
  middle = static_cast<char>(middle ^ 0x01);
  put(fs::join(out_, "events.jsonl"), ledger);
  const FolderState before = state_of(live_);
  EXPECT_EQ(code_of(run(true)), Code::kQuarantined);
  EXPECT_EQ(state_of(live_), before);
}

TEST_F(RestoreRunTest, TheJournalOfAnotherRestoreIsLookedForBehindTheLock) {
  append(3, 1);
  mirror();
  const std::string store = get(db_), ledger = get(log_);
  UnfinishedRestoreFs disturbed(log_);
  Services services{disturbed, clock_, random_};
  const auto report = run(services, true);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().token, ledger::kRestoreUnfinishedToken);
  EXPECT_EQ(get(db_), store);
  EXPECT_EQ(get(log_), ledger);
}

}  // namespace
}  // namespace cortex::app
