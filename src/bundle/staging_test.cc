#include "bundle/staging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

class StagingTest : public DeploymentTest {
 protected:
  Result<std::unique_ptr<Staging>> create(const std::string& output) {
    return Staging::create(fs_, output, clock_, random_);
  }
  void link(const std::string& target, const std::string& path) {
    ASSERT_EQ(::symlink(target.c_str(), path.c_str()), 0);
  }

  std::string parent_ = folder_ / "backups";
  std::string out_below_ = fs::join(parent_, "monday");
};

TEST_F(StagingTest, OutputThatExistsInAnyForm_IsRefusedAndKept) {
  ASSERT_TRUE(fs_.make_directory(parent_, 0700).ok());
  put(fs::join(parent_, "file"), "x");
  ASSERT_TRUE(fs_.make_directory(fs::join(parent_, "folder"), 0700).ok());
  link("file", fs::join(parent_, "link"));
  link("nothing", fs::join(parent_, "dangling"));
  const std::vector<std::string> before = names_in(parent_);
  for (const char* name : {"file", "folder", "folder/", "link", "dangling", "dangling/"}) {
    const std::string output = fs::join(parent_, name);
    const Status checked = check_output(fs_, output);
    ASSERT_FALSE(checked.ok()) << name;
    EXPECT_EQ(checked.error().code, Code::kPrecondition) << name;
    EXPECT_THAT(checked.error().message, HasSubstr("already exists")) << name;
    EXPECT_EQ(code_of(create(output)), Code::kPrecondition) << name;
  }
  EXPECT_EQ(names_in(parent_), before);
}

TEST_F(StagingTest, ParentThatIsALinkOrAFile_IsRefused) {
  link(live_, parent_);
  const auto through_link = create(out_below_);
  ASSERT_FALSE(through_link.ok());
  EXPECT_EQ(through_link.error().code, Code::kPrecondition);
  EXPECT_THAT(through_link.error().message, HasSubstr("no real folder"));
  EXPECT_EQ(code_of(create(fs::join(log_, "bundle"))), Code::kPrecondition);
  EXPECT_THAT(names_in(live_), ElementsAre("cortex.db", "events.jsonl"));
}

TEST_F(StagingTest, MissingParents_AreMadePrivateAndRemovedWithAnUnpublishedStaging) {
  const std::string output = fs::join(parent_, "2026/january/monday");
  {
    const auto staging = create(output);
    ASSERT_TRUE(staging.ok()) << staging.error().text();
    put((*staging)->member("file"), "x");
    for (const std::string& made :
         {parent_, fs::join(parent_, "2026/january"), (*staging)->path()}) {
      EXPECT_EQ(fs_.stat(made)->mode, 0700U) << made;
    }
  }
  EXPECT_EQ(kind_of(parent_), fs::Kind::kMissing);
}

TEST_F(StagingTest, MadeParentThatIsInUseMeanwhile_IsKept) {
  {
    const auto staging = create(out_below_);
    ASSERT_TRUE(staging.ok());
    put(fs::join(parent_, "of somebody else"), "x");
  }
  EXPECT_THAT(names_in(parent_), ElementsAre("of somebody else"));
}

TEST_F(StagingTest, TrailingSlashes_NameTheSameFolder) {
  const auto staging = create(out_below_ + "//");
  ASSERT_TRUE(staging.ok()) << staging.error().text();
  EXPECT_THAT(fs::name_of((*staging)->path()), StartsWith(".monday.staging."));
  ASSERT_TRUE((*staging)->publish().ok());
  EXPECT_EQ(kind_of(out_below_), fs::Kind::kDirectory);
}

TEST_F(StagingTest, DeadStagingIsRemoved_LiveAndForeignOnesAreKept) {
  ASSERT_TRUE(fs_.make_directory(parent_, 0700).ok());
  const auto live = create(out_below_);
  ASSERT_TRUE(live.ok());
  const std::string dead = fs::join(parent_, ".monday.staging.01KG0000000000000000000001");
  const std::string kept[] = {".monday.staging.no-ulid",
                              ".sunday.staging.01KG0000000000000000000001",
                              "monday.staging.01KG0000000000000000000001"};
  ASSERT_TRUE(fs_.make_directory(dead, 0700).ok());
  put(fs::join(dead, "half"), "x");
  for (const std::string& name : kept) {
    ASSERT_TRUE(fs_.make_directory(fs::join(parent_, name), 0700).ok());
  }
  const auto next = create(out_below_);
  ASSERT_TRUE(next.ok()) << next.error().text();
  EXPECT_THAT((*next)->removed_dead(), ElementsAre(dead));
  EXPECT_EQ(kind_of(dead), fs::Kind::kMissing);
  EXPECT_EQ(kind_of((*live)->path()), fs::Kind::kDirectory);
  for (const std::string& name : kept) {
    EXPECT_EQ(kind_of(fs::join(parent_, name)), fs::Kind::kDirectory) << name;
  }
}

TEST_F(StagingTest, WhatIsNoFolderUnderTheNameOfAStaging_LosesNothing) {
  ASSERT_TRUE(fs_.make_directory(parent_, 0700).ok());
  const std::string file = fs::join(parent_, ".monday.staging.01KG0000000000000000000001");
  put(file, "x");
  link(live_, fs::join(parent_, ".monday.staging.01KG0000000000000000000002"));
  const auto staging = create(out_below_);
  ASSERT_TRUE(staging.ok()) << staging.error().text();
  EXPECT_EQ(get(file), "x");
  EXPECT_THAT(names_in(live_), ElementsAre("cortex.db", "events.jsonl"));
}

TEST_F(StagingTest, PublishingOverAnything_FailsAndKeepsIt) {
  enum class Taken { kFile, kEmptyFolder, kDangling };
  for (const Taken taken : {Taken::kFile, Taken::kEmptyFolder, Taken::kDangling}) {
    const std::string output = fs::join(parent_, cat("bundle", static_cast<int>(taken)));
    auto staging = create(output);
    ASSERT_TRUE(staging.ok());
    if (taken == Taken::kFile) put(output, "mine");
    if (taken == Taken::kEmptyFolder) {
      ASSERT_TRUE(fs_.make_directory(output, 0700).ok());
    }
    if (taken == Taken::kDangling) link("nothing", output);
    const fs::Kind kind = kind_of(output);
    const std::string path = (*staging)->path();
    const Status published = (*staging)->publish();
    ASSERT_FALSE(published.ok());
    EXPECT_EQ(published.error().code, Code::kPrecondition);
    EXPECT_EQ(published.error().unchanged, "no bundle was written");
    staging->reset();
    EXPECT_EQ(kind_of(output), kind);
    EXPECT_EQ(kind_of(path), fs::Kind::kMissing);
  }
  EXPECT_EQ(get(fs::join(parent_, "bundle0")), "mine");
}

TEST_F(StagingTest, PublishedFolder_OutlivesItsMakerAndLeavesNoStaging) {
  {
    const auto staging = create(out_below_);
    ASSERT_TRUE(staging.ok());
    put((*staging)->member("file"), "x");
    ASSERT_TRUE((*staging)->publish().ok());
  }
  EXPECT_THAT(names_in(parent_), ElementsAre("monday"));
  EXPECT_EQ(get(fs::join(out_below_, "file")), "x");
  EXPECT_EQ(fs_.stat(out_below_)->mode, 0700U);
}

}  // namespace
}  // namespace cortex::bundle
