#include "app/restore_apply.h"

#include "app/app_fixture.h"
#include "app/doctor.h"
#include "app/open_store.h"
#include "app/restore_fixture.h"
#include "app/restore_stage.h"
#include "ledger/restore_guard.h"

namespace cortex::app {
namespace {

class RestoreApplyTest : public AppTest {
 protected:
  // A bundle of two rows, a live store of three, and a stage of the bundle.
  void SetUp() override {
    environment_.process_id = 7;
    fill(2);
    ASSERT_TRUE(back_up().ok());
    append(3, 1);
    mirror();
    stage();
  }
  void stage() {
    ASSERT_TRUE(restore_stage(services_, {.layout = layout_,
                                          .manifest = manifest_,
                                          .stage_dir = stage_,
                                          .current_store = {},
                                          .acknowledged_destruction = true,
                                          .process_id = 7})
                    .ok());
  }
  ApplyStageRequest request() {
    return {.layout = layout_,
            .manifest = manifest_,
            .stage_dir = stage_,
            .acknowledged_replacement = true,
            .acknowledged_temporary = true,
            .anchors = {}};
  }
  bool is_trial() { return fs_.canonical(live_).value().starts_with("/tmp/"); }

  std::string manifest_ = fs::join(out_, "BACKUP_MANIFEST");
  std::string stage_ = folder_ / "stage";
  Environment environment_;
};

TEST_F(RestoreApplyTest, TheActivePairIsTheBundles_TheOldOneIsKept) {
  if (!is_trial()) return;  // the command is for data below the temporary folder only
  const std::string old_log = get(log_);
  const auto report = apply_stage(services_, environment_, request());
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(get(log_), get(fs::join(out_, "events.jsonl")));
  EXPECT_EQ(count("events"), 2);
  EXPECT_EQ(count("audit_records"), 1);
  EXPECT_EQ(get(fs::join(report->evidence_folder, "current.events.jsonl")), old_log);
  EXPECT_TRUE(ledger::check_no_restore(fs_, log_).ok());
}

TEST_F(RestoreApplyTest, AnAnchorThatTheBundleContradictsBringsTheOldPairBack) {
  if (!is_trial()) return;
  const std::string old_log = get(log_);
  const std::string old_db = get(db_);
  ApplyStageRequest anchored = request();
  anchored.anchors.anchor = folder_ / "none";
  const auto report = apply_stage(services_, environment_, anchored);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kPrecondition);
  EXPECT_NE(report.error().unchanged.find("active backups were restored"), std::string::npos);
  EXPECT_EQ(get(log_), old_log);
  EXPECT_EQ(get(db_), old_db);
}

TEST_F(RestoreApplyTest, AStageThatIsNotSoundIsRefusedBeforeTheOldPairIsTouched) {
  if (!is_trial()) return;
  exec("DROP TRIGGER memories_fts_insert");
  for (const std::string& folder : {out_, stage_}) ASSERT_TRUE(fs::remove_tree(fs_, folder).ok());
  ASSERT_TRUE(back_up(false).ok());
  stage();
  const std::string old_log = get(log_);
  const std::string old_db = get(db_);
  const auto report = apply_stage(services_, environment_, request());
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kIntegrity);
  EXPECT_EQ(report.error().unchanged, "the active store was not changed");
  EXPECT_EQ(get(log_), old_log);
  EXPECT_EQ(get(db_), old_db);
  EXPECT_EQ(kind_of(fs::join(live_, bundle::kEvidenceFolder)), fs::Kind::kMissing);
}

TEST_F(RestoreApplyTest, ADamageBehindTheLookIsFoundByTheDigests_AndTheOldPairComesBack) {
  if (!is_trial()) return;
  const std::string old_log = get(log_);
  const std::string old_db = get(db_);
  using When = DamagingFs::When;
  for (const When when : {When::kBeforeRename, When::kAfterRename}) {
    for (const std::string& active : {db_, log_}) {
      DamagingFs files(active, log_, when);
      Services services{files, clock_, random_};
      const auto report = apply_stage(services, environment_, request());
      EXPECT_EQ(files.damaged(), 1);
      ASSERT_FALSE(report.ok()) << active;
      EXPECT_NE(report.error().unchanged.find("active backups were restored"), std::string::npos);
      EXPECT_EQ(get(log_), old_log);
      EXPECT_EQ(get(db_), old_db);
      EXPECT_TRUE(ledger::check_no_restore(fs_, log_).ok());
      ASSERT_TRUE(fs::remove_tree(fs_, fs::join(live_, bundle::kEvidenceFolder)).ok());
    }
  }
}

// The chain of the restored ledger is that of the staged one: in place digests are compared.
TEST_F(RestoreApplyTest, TheNewPairIsLookedAtInFullOnce) {
  if (!is_trial()) return;
  std::map<std::string, int> reads;
  bundle::DisturbedFs files([&](const std::string& path, fs::Open how) -> Status {
    if (how == fs::Open::kRead && path.starts_with(live_ + "/")) ++reads[fs::name_of(path)];
    return {};
  });
  Services services{files, clock_, random_};
  const auto report = apply_stage(services, environment_, request());
  ASSERT_TRUE(report.ok()) << report.error().text();
  // Read back, looked at, and digested before the rename; the ledger is not changed.
  EXPECT_EQ(reads[".cortex.db.apply-stage-7"], 3);
  EXPECT_EQ(reads[".events.jsonl.apply-stage-7"], 2);
  // Before: compared, locked, kept. Behind the rename: the digest alone.
  EXPECT_EQ(reads["events.jsonl"], 4);
  EXPECT_EQ(reads["cortex.db"], 3);  // before: the digest, kept
  EXPECT_EQ(report->active_audit.rows, 2U);
  EXPECT_EQ(report->active_audit.path, log_);
}

// As a crash between the two renames leaves it.
TEST_F(RestoreApplyTest, AnUnfinishedRestoreStopsWriters_AndCanBeFinishedOrUndone) {
  for (const bool undo : {false, true}) {
    const std::string old_log = get(log_);
    bundle::SwapPlan plan{
        .operation = "run",
        .scope = "production",
        .active_db = db_,
        .active_log = log_,
        .source_db = fs::join(stage_, "cortex.db"),
        .source_log = fs::join(stage_, "events.jsonl"),
        .word = "restore-run",
        .source_db_digest =
            bundle::digest_file(fs_, fs::join(stage_, "cortex.db"), bundle::Source::kAnywhere)
                .value(),
        .source_log_digest =
            bundle::digest_file(fs_, fs::join(stage_, "events.jsonl"), bundle::Source::kAnywhere)
                .value(),
        .edit = {},
        .look = {}};
    {
      auto swap = bundle::Swap::prepare(fs_, plan, clock_).value();
      ASSERT_TRUE(fs_.replace(swap->state().db.temporary, db_).ok());
    }
    EXPECT_EQ(doctor_strict(services_, layout_, false).code, Code::kPrecondition);
    EXPECT_FALSE(ledger::check_no_restore(fs_, log_).ok());
    EXPECT_FALSE(open_store(services_, layout_).ok());
    const auto resumed = restore_resume(services_, layout_, undo);
    ASSERT_TRUE(resumed.ok()) << resumed.error().text();
    EXPECT_EQ(resumed->outcome, undo ? "rolled_back" : "completed") << resumed->reason;
    EXPECT_EQ(get(log_), undo ? old_log : get(fs::join(stage_, "events.jsonl")));
    EXPECT_EQ(doctor_strict(services_, layout_, true).code, Code::kOk);
    EXPECT_EQ(restore_resume(services_, layout_, false)->outcome, "nothing_to_do");
    ASSERT_TRUE(fs::remove_tree(fs_, fs::join(live_, bundle::kEvidenceFolder)).ok());
  }
}

TEST_F(RestoreApplyTest, WithoutADataFolderThereIsNothingToResume_ItSaysSo) {
  Layout elsewhere = layout_;
  elsewhere.data_dir = folder_ / "none";
  const auto missing = restore_resume(services_, elsewhere, false);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, Code::kPrecondition);
  EXPECT_EQ(missing.error().message,
            cat("there is no data folder ", cortex::quoted(elsewhere.data_dir)));
  EXPECT_NE(missing.error().next.find("CORTEX_DATA_DIR"), std::string::npos);
  elsewhere.data_dir = log_;  // no folder at all
  const auto no_folder = restore_resume(services_, elsewhere, false);
  ASSERT_FALSE(no_folder.ok());
  EXPECT_EQ(no_folder.error().next, cat("see that you may write to ", cortex::quoted(log_)));
}

}  // namespace
}  // namespace cortex::app
