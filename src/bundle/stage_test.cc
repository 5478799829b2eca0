#include "bundle/stage.h"

#include <algorithm>

#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

class StageTest : public DeploymentTest {
 protected:
  VerifyReport bundle() {
    CORTEX_CHECK(back_up().ok());
    return verify_bundle(fs_, fs::join(out_, kManifestName), false).value();
  }
  std::string stage_ = folder_ / "stage";
};

TEST_F(StageTest, APublishedStageHoldsTheBundlesBytes) {
  fill(3);
  const VerifyReport report = bundle();
  {
    auto stage = Stage::begin(fs_, stage_, 7).value();
    ASSERT_TRUE(stage->fill(report, nullptr).ok());
    EXPECT_EQ(audit_ledger(fs_, stage->ledger_path(), report.manifest)->rows, 3U);
    ASSERT_TRUE(stage->publish().ok());
  }
  EXPECT_EQ(get(fs::join(stage_, "cortex.db")), get(fs::join(out_, "cortex.db")));
  EXPECT_EQ(get(fs::join(stage_, "events.jsonl")), get(fs::join(out_, "events.jsonl")));
}

TEST_F(StageTest, WhatIsNotPublishedIsRemoved) {
  fill(1);
  const VerifyReport report = bundle();
  {
    auto stage = Stage::begin(fs_, stage_, 7).value();
    ASSERT_TRUE(stage->fill(report, nullptr).ok());
  }
  EXPECT_EQ(names_in(folder_.path()), (std::vector<std::string>{"bundle", "live"}));
}

TEST_F(StageTest, DeadStagesAreRemoved_LivingOnesAreNot) {
  fill(1);
  ASSERT_TRUE(fs_.make_directory(folder_ / ".stage.tmp-41", 0700).ok());
  ASSERT_TRUE(fs_.make_directory(folder_ / ".stage.tmp-mine", 0700).ok());
  auto living = Stage::begin(fs_, stage_, 42).value();
  auto other = Stage::begin(fs_, stage_, 43);
  ASSERT_TRUE(other.ok());
  const auto names = names_in(folder_.path());
  const auto has = [&names](const char* name) { return std::ranges::count(names, name) == 1; };
  EXPECT_FALSE(has(".stage.tmp-41"));
  EXPECT_TRUE(has(".stage.tmp-42") && has(".stage.tmp-43") && has(".stage.tmp-mine"));
}

TEST_F(StageTest, ABundleThatChangesMeanwhileIsQuarantined) {
  fill(1);
  const VerifyReport report = bundle();
  put(fs::join(out_, "events.jsonl"), "other\n");
  auto stage = Stage::begin(fs_, stage_, 7).value();
  EXPECT_EQ(code_of(stage->fill(report, nullptr)), Code::kQuarantined);
}

TEST_F(StageTest, ABrokenChainAndAMissingBoundaryAreToldApart) {
  fill(2);
  VerifyReport report = bundle();
  EXPECT_TRUE(audit_ledger(fs_, log_, report.manifest).ok());
  report.manifest.kind = kPostV2Kind;
  const auto missing = audit_ledger(fs_, log_, report.manifest);
  EXPECT_EQ(code_of(missing), Code::kSchema);
  EXPECT_EQ(missing.error().token, "schema_migration.v1_to_v2.boundary.missing");
  break_chain(2);
  EXPECT_EQ(code_of(audit_ledger(fs_, log_, report.manifest)), Code::kIntegrity);
  put(log_, "{}\n");
  EXPECT_EQ(code_of(audit_ledger(fs_, log_, report.manifest)), Code::kChain);
}

}  // namespace
}  // namespace cortex::bundle
