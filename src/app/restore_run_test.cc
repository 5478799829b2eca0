#include "app/restore_run.h"

#include <unistd.h>

#include "app/app_fixture.h"
#include "app/doctor.h"
#include "app/restore_apply.h"
#include "app/restore_fixture.h"

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
  // How often files are opened to be read: "bundle/cortex.db", "staged/events.jsonl".
  std::map<std::string, int> reads_of_a_run(bool dry_run) {
    std::map<std::string, int> reads;
    bundle::DisturbedFs files([&](const std::string& path, fs::Open how) -> Status {
      if (how != fs::Open::kRead) return {};
      if (path.starts_with(out_ + "/")) ++reads["bundle/" + fs::name_of(path)];
      if (is_staged(path)) ++reads["staged/" + fs::name_of(path)];
      return {};
    });
    Services services{files, clock_, random_};
    const auto report = run(services, true, dry_run);
    EXPECT_TRUE(report.ok()) << report.error().text();
    EXPECT_EQ(report->restored, !dry_run);
    EXPECT_EQ(report->bundle.content->ledger_rows, 2U);
    return reads;
  }
  static bool is_staged(const std::string& path) {
    return path.find("/.cortex-staged-") != std::string::npos;
  }
  void damage_bundle(const char* name) {
    std::string bytes = get(fs::join(out_, name));
    char& middle = bytes[bytes.size() / 2];
    middle = static_cast<char>(middle ^ 0x01);
    put(fs::join(out_, name), bytes);
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

TEST_F(RestoreRunTest, ALinkMakesRoomForTheFile_AndThatIsSaid) {
  const std::string elsewhere = folder_ / "elsewhere.jsonl";
  ASSERT_TRUE(fs_.rename_no_replace(log_, elsewhere).ok());
  ASSERT_EQ(::symlink(elsewhere.c_str(), log_.c_str()), 0);
  const std::string before = get(elsewhere);
  const auto report = run(true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_NE(report->note.find("was a symbolic link"), std::string::npos) << report->note;
  EXPECT_EQ(fs_.lstat(log_)->kind, fs::Kind::kFile);
  EXPECT_EQ(get(elsewhere), before);
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

TEST_F(RestoreRunTest, TheBundleIsReadOnce_AndItsCopyIsLookedAtInFullOnce) {
  append(3, 1);
  mirror();
  using Reads = std::map<std::string, int>;
  // Looked at where it lies; its ledger is compared with the active one.
  EXPECT_EQ(
      reads_of_a_run(true),
      (Reads{{"bundle/BACKUP_MANIFEST", 2}, {"bundle/cortex.db", 1}, {"bundle/events.jsonl", 2}}));
  // The copy of the store is read back before and after it is changed.
  EXPECT_EQ(reads_of_a_run(false), (Reads{{"bundle/BACKUP_MANIFEST", 2},
                                          {"bundle/cortex.db", 1},
                                          {"bundle/events.jsonl", 2},
                                          {"staged/cortex.db", 2},
                                          {"staged/events.jsonl", 1}}));
  EXPECT_EQ(doctor_strict(services_, layout_, true).code, Code::kOk);
  for (const std::string& name : names_in(live_)) EXPECT_FALSE(is_staged("/" + name)) << name;
}

TEST_F(RestoreRunTest, ADamageBehindTheLookIsFoundByTheDigests_AndTheOldPairComesBack) {
  append(3, 1);
  mirror();
  const std::string store = get(db_), ledger = get(log_);
  using When = DamagingFs::When;
  for (const When when : {When::kBeforeRename, When::kAfterRename}) {
    for (const std::string& active : {db_, log_}) {
      DamagingFs files(active, log_, when);
      Services services{files, clock_, random_};
      const auto report = run(services, true);
      EXPECT_EQ(files.damaged(), 1);
      ASSERT_FALSE(report.ok()) << active;
      EXPECT_EQ(report.error().code, Code::kIntegrity) << active;
      EXPECT_NE(report.error().unchanged.find("active backups were restored"), std::string::npos);
      EXPECT_EQ(get(db_), store);
      EXPECT_EQ(get(log_), ledger);
      EXPECT_TRUE(ledger::check_no_restore(fs_, log_).ok());
    }
  }
}

TEST_F(RestoreRunTest, ACopyThatReadsBackDifferentlyIsRefusedFirst) {
  append(3, 1);
  mirror();
  const FolderState before = state_of(live_);
  for (const char* name : {"cortex.db", "events.jsonl"}) {
    bundle::DisturbedFs files({}, [name](const std::string& path, std::string& bytes) -> Status {
      if (!is_staged(path) || !path.ends_with(name)) return {};
      // Of the store a byte that no structure depends on.
      const std::size_t at = bytes.find("{\"n\":1}");
      if (at != std::string::npos) bytes[at + 5] = '7';
      return {};
    });
    Services services{files, clock_, random_};
    const auto report = run(services, true);
    ASSERT_FALSE(report.ok()) << name;
    EXPECT_EQ(report.error().code, Code::kIntegrity) << name;
    EXPECT_NE(report.error().message.find("the bundle is sound"), std::string::npos);
    EXPECT_EQ(state_of(live_), before) << name;
  }
}

TEST_F(RestoreRunTest, WhatCannotBeCopiedIsAskedWhoseFaultItIs) {
  bundle::DisturbedFs files([](const std::string& path, fs::Open how) -> Status {
    if (!is_staged(path) || how != fs::Open::kCreateExclusive) return {};
    return make_error(Code::kInternal, "No space left on device");
  });
  Services services{files, clock_, random_};
  const FolderState before = state_of(live_);
  EXPECT_EQ(code_of(run(services, true)), Code::kInternal);
  damage_bundle("cortex.db");
  EXPECT_EQ(code_of(run(services, true)), Code::kQuarantined);
  EXPECT_EQ(state_of(live_), before);
}

TEST_F(RestoreRunTest, ADamagedBundleIsRefusedWithoutADataFolder_AndMakesNone) {
  ASSERT_TRUE(fs::remove_tree(fs_, live_).ok());
  for (const char* name : {"cortex.db", "events.jsonl"}) {
    damage_bundle(name);
    EXPECT_EQ(code_of(run(false)), Code::kQuarantined);
    EXPECT_EQ(kind_of(live_), fs::Kind::kMissing);
  }
}

TEST_F(RestoreRunTest, ContentThatIsNotSoundIsRefusedFirst) {
  exec("DROP TRIGGER memories_fts_insert");
  ASSERT_TRUE(fs::remove_tree(fs_, out_).ok());
  ASSERT_TRUE(back_up(false).ok());
  const FolderState before = state_of(live_);
  const auto report = run(true);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kIntegrity);
  EXPECT_NE(report.error().message.find("the bundle's content is not sound"), std::string::npos);
  EXPECT_EQ(state_of(live_), before);
}

TEST_F(RestoreRunTest, RowsThatCameWhileTheCopyWasMadeBlock) {
  bundle::DisturbedFs files([&](const std::string& path, fs::Open) -> Status {
    if (path.ends_with(".flock")) append(3, 1);
    return {};
  });
  Services services{files, clock_, random_};
  const auto report = run(services, false);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->blocked());
  EXPECT_FALSE(report->restored);
  EXPECT_EQ(report->loss->ledger.rows_lost(), 1U);
  mirror();
  EXPECT_EQ(count("events"), 3);
}

TEST_F(RestoreRunTest, TheTrailOfARestoreThatWasAtWorkMeanwhileIsNotLost) {
  bundle::DisturbedFs files([&](const std::string& path, fs::Open) -> Status {
    if (!path.ends_with(".flock")) return {};
    exec(
        "INSERT INTO audit_records (id, operation, target_ref, after_hash, reason, actor_json,"
        " source_refs_json, created_at) VALUES ('aud_1', 'command.restore.run', 'x', 'x', 'x',"
        " '{}', '{}', '2026-01-01T00:00:00+00:00')");
    return {};
  });
  Services services{files, clock_, random_};
  const std::string ledger = get(log_);
  const auto report = run(services, true);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kPrecondition);
  EXPECT_NE(report.error().message.find("another restore"), std::string::npos);
  EXPECT_EQ(get(log_), ledger);
  EXPECT_EQ(count("audit_records"), 1);
  ASSERT_TRUE(run(true)->restored);
  EXPECT_EQ(count("audit_records WHERE operation = 'command.restore.run'"), 2);
}

TEST_F(RestoreRunTest, TheCopyOfADeadRestoreIsRemovedByTheNext_AndByResume) {
  const std::string left = fs::join(live_, ".cortex-staged-01HW0000000000000000000000");
  for (const bool resume : {false, true}) {
    ASSERT_TRUE(fs_.make_directory(left, 0700).ok());
    put(fs::join(left, "cortex.db"), "half");
    ASSERT_TRUE(resume ? restore_resume(services_, layout_, false).ok() : run(true).ok());
    EXPECT_EQ(kind_of(left), fs::Kind::kMissing);
  }
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
