#include "app/init.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app_fixture.h"
#include "app/site_id.h"

namespace cortex::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class InitTest : public AppTest {
 protected:
  Error refused(bool validate_permissions = false) {
    const std::vector<std::string> before = names_in(live_);
    auto report = init(services_, layout_, validate_permissions);
    EXPECT_FALSE(report.ok());
    EXPECT_EQ(names_in(live_), before);
    if (report.ok()) return {};
    EXPECT_EQ(report.error().code, Code::kPrecondition) << report.error().text();
    return report.error();
  }
};

TEST_F(InitTest, MissingFolder_GetsTwoEmptyPrivateFiles_AndAnIdOfItsOwn) {
  layout_ = layout_in(folder_ / "new/data");
  const auto report = init(services_, layout_, true);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->created_db);
  EXPECT_TRUE(report->created_event_log);
  EXPECT_EQ(fs_.stat(layout_.data_dir)->mode, 0700U);
  EXPECT_THAT(names_in(layout_.data_dir),
              ElementsAre("cortex.db", "cortex_site_id", "events.jsonl"));
  const auto site = read_site_id(services_, layout_.data_dir);
  ASSERT_TRUE(site.ok()) << site.error().text();
  EXPECT_EQ(site->value_or("").size(), 5U + 32U);
  EXPECT_EQ(fs_.stat(fs::join(layout_.data_dir, "cortex_site_id"))->mode, 0600U);
  layout_ = layout_in(folder_ / "second");
  ASSERT_TRUE(init(services_, layout_, true).ok());
  EXPECT_NE(read_site_id(services_, layout_.data_dir).value(), *site);
  for (const std::string& path : {layout_.db_path, layout_.event_log_path}) {
    EXPECT_EQ(fs_.stat(path)->mode, 0600U) << path;
    EXPECT_EQ(get(path), "") << path;
  }
}

TEST_F(InitTest, WhatExists_IsLeftAsItIs) {
  fill(2);
  const FolderState before = state_of(live_);
  const auto report = init(services_, layout_, false);
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_FALSE(report->created_db);
  EXPECT_FALSE(report->created_event_log);
  EXPECT_EQ(state_of(live_), before);
  ASSERT_TRUE(fs_.remove_file(db_).ok());
  EXPECT_TRUE(init(services_, layout_, false)->created_db);
}

TEST_F(InitTest, Report_HasTheKeysOfTheFormat) {
  const json::Value document = to_json(*init(services_, layout_, false));
  std::vector<std::string> keys;
  for (const auto& [key, value] : *document.as_object()) keys.push_back(key);
  EXPECT_THAT(keys, ElementsAre("data_dir", "db_path", "event_log_path", "schema_version",
                                "created_db", "created_event_log", "applied_migrations"));
}

TEST_F(InitTest, FileInThePlaceOfTheFolder_IsRefused) {
  layout_ = layout_in(log_);
  EXPECT_THAT(refused().message, HasSubstr("is no folder"));
}

TEST_F(InitTest, FolderOpenToOthers_IsRefusedOnlyWhenAsked) {
  ASSERT_EQ(::chmod(live_.c_str(), 0755), 0);
  EXPECT_TRUE(init(services_, layout_, false).ok());
  EXPECT_THAT(refused(true).next, HasSubstr("chmod 700"));
  EXPECT_EQ(fs_.stat(live_)->mode, 0755U);
}

TEST_F(InitTest, SidecarsWithoutTheirStore_AreRefused) {
  for (const char* suffix : {"-wal", "-shm"}) {
    for (const bool empty_store : {true, false}) {
      if (empty_store) put(db_, "");
      if (!empty_store) {
        ASSERT_TRUE(fs_.remove_file(db_).ok());
      }
      put(db_ + suffix, "x");
      EXPECT_THAT(refused().message, HasSubstr("sqlite sidecar"));
      ASSERT_TRUE(fs_.remove_file(db_ + suffix).ok());
    }
  }
}

TEST_F(InitTest, SidecarsBesideAStoreWithContent_AreItsOwn) {
  fill(1);
  put(db_ + "-wal", "");
  EXPECT_TRUE(init(services_, layout_, false).ok());
}

TEST_F(InitTest, DanglingLink_IsRefusedAndALinkToAFileIsFine) {
  ASSERT_TRUE(fs_.remove_file(log_).ok());
  const std::string target = folder_ / "elsewhere";
  ASSERT_EQ(::symlink(target.c_str(), log_.c_str()), 0);
  EXPECT_THAT(refused().message, HasSubstr("link to nothing"));
  EXPECT_EQ(kind_of(target), fs::Kind::kMissing);
  put(target, "");
  EXPECT_TRUE(init(services_, layout_, false).ok());
}

}  // namespace
}  // namespace cortex::app
