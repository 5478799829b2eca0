#include "app/restore_stage.h"

#include "app/app_fixture.h"

namespace cortex::app {
namespace {

class RestoreStageTest : public AppTest {
 protected:
  void SetUp() override {
    fill(2);
    ASSERT_TRUE(back_up().ok());
  }
  StageRequest request() {
    return {.layout = layout_,
            .manifest = fs::join(out_, "BACKUP_MANIFEST"),
            .stage_dir = stage_,
            .current_store = {},
            .acknowledged_destruction = true,
            .process_id = 7};
  }
  std::string stage_ = folder_ / "stage";
};

TEST_F(RestoreStageTest, TheActiveStoreIsOnlyLookedAt) {
  const FolderState before = state_of(live_);
  const auto report = restore_stage(services_, request());
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->staged());
  EXPECT_EQ(report->audit.rows, 2U);
  EXPECT_EQ(state_of(live_), before);
  EXPECT_EQ(names_in(stage_), (std::vector<std::string>{"cortex.db", "events.jsonl"}));
}

TEST_F(RestoreStageTest, ALossIsReportedAndNothingIsStagedWithoutTheAcknowledgement) {
  exec("INSERT INTO contradictions VALUES ('con_1', 'a', 'b', 't', 'unresolved', NULL, 'n', 'n')");
  auto report = restore_stage(services_, request());
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_FALSE(report->staged());
  EXPECT_EQ(kind_of(stage_), fs::Kind::kMissing);
  EXPECT_EQ(names_in(folder_.path()), (std::vector<std::string>{"bundle", "live"}));
  StageRequest knowing = request();
  knowing.acknowledged_risk = true;
  report = restore_stage(services_, knowing);
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->staged());
}

TEST_F(RestoreStageTest, ATakenNameAndAMissingAcknowledgementAreRefusedFirst) {
  StageRequest without = request();
  without.acknowledged_destruction = false;
  without.manifest = "none";
  EXPECT_NE(restore_stage(services_, without).error().message.find("--acknowledge-destructive"),
            std::string::npos);
  put(stage_, "");
  StageRequest taken = request();
  taken.manifest = "none";
  EXPECT_NE(restore_stage(services_, taken).error().message.find("already exists"),
            std::string::npos);
}

}  // namespace
}  // namespace cortex::app
