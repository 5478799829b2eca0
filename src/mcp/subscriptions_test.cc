#include "mcp/subscriptions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/fs/forward_fs.h"
#include "mcp/mcp_fixture.h"
#include "mcp/resources.h"

namespace cortex::mcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The file system, with a ledger whose size is asked from the test.
class ToldSizeFs final : public fs::ForwardFs {
 public:
  explicit ToldSizeFs(std::string ledger) : ledger_(std::move(ledger)) {}
  std::function<std::uint64_t()> size{};

  Result<fs::Info> stat(const std::string& path) override {
    CORTEX_ASSIGN(fs::Info info, ForwardFs::stat(path));
    if (path == ledger_) info.size_bytes = size();
    return info;
  }

 private:
  std::string ledger_;
};

class SubscriptionsTest : public McpTest {
 protected:
  void SetUp() override {
    McpTest::SetUp();
    shake_hands("2025-11-25");
    const json::Value noted = call("cortex_memory_note", R"({"claim":"The lake is deep."})");
    id_ = *at(noted, "result.structuredContent.memory_id").as_string();
    uri_ = cat("cortex://memory/", id_);
  }
  std::string text() const {
    auto text = read_resource(host_, uri_);
    EXPECT_TRUE(text.ok());
    return text.ok() ? *text : "";
  }
  // Changes what is kept about the memory.
  void change() {
    const json::Value reply =
        call("cortex_memory_outcome",
             cat("{\"memory_id\":\"", id_, R"(","session_id":"s","result":"helpful"})"));
    EXPECT_EQ(text_at(reply, "result.structuredContent.recorded"), "true");
  }
  void take(std::string text) {
    const std::lock_guard lock(mutex_);
    told_.push_back(std::move(text));
    changed_.notify_all();
  }
  // What was told, once there is something.
  std::vector<std::string> told() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, seconds(20), [this] { return !told_.empty(); });
    return told_;
  }

  std::string id_, uri_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> told_;
};

// The ledger is synced before the store commits: who looks in between sees the old text.
TEST_F(SubscriptionsTest, AChangeThatTheStoreShowsLaterThanTheLedgerIsTold) {
  ToldSizeFs files(layout_.event_log_path);
  std::atomic<int> looks = 0;
  files.size = [&]() -> std::uint64_t {
    const int look = ++looks;
    if (look < 5) return 100;
    if (look == 6) change();
    return 200;  // from the fifth look on
  };
  app::Services services{files, clock_, system_random()};
  const Host host{services, environment_, layout_, settings_, confirmation_};
  Subscriptions subscriptions(
      host, [this](std::string text) { take(std::move(text)); }, milliseconds(10));
  ASSERT_TRUE(subscriptions.add(uri_, text(), ""));
  EXPECT_EQ(told(), std::vector<std::string>{updated_text(uri_, "")});
  EXPECT_GE(looks, 6);
}

TEST_F(SubscriptionsTest, ThereIsAMostOfThem_AndTwiceIsOnce) {
  Subscriptions subscriptions(host_, [](const std::string&) {});
  for (std::size_t i = 0; i < Subscriptions::kCountMax; ++i) {
    EXPECT_TRUE(subscriptions.add(cat("cortex://memory/", i), "", "")) << i;
  }
  EXPECT_TRUE(subscriptions.add("cortex://memory/7", "", ""));
  EXPECT_FALSE(subscriptions.add(uri_, text(), ""));
  subscriptions.remove("cortex://memory/7");
  EXPECT_TRUE(subscriptions.add(uri_, text(), ""));
}

TEST_F(SubscriptionsTest, WhatChangedBetweenReadingAndAddingIsTold) {
  Subscriptions subscriptions(
      host_, [this](std::string text) { take(std::move(text)); }, milliseconds(10));
  const std::string before = text();
  change();
  ASSERT_TRUE(subscriptions.add(uri_, before, ""));
  EXPECT_EQ(told(), std::vector<std::string>{updated_text(uri_, "")});
}

TEST_F(SubscriptionsTest, AListenerThatHasEndedWatchesNothing) {
  Subscriptions subscriptions(host_, [](const std::string&) {});
  EXPECT_FALSE(subscriptions.add(uri_, text(), "7"));
  int ended = 0;
  subscriptions.listen("7", [&] { ++ended; });
  EXPECT_TRUE(subscriptions.add(uri_, text(), "7"));
  subscriptions.end("7");
  EXPECT_EQ(ended, 1);
  EXPECT_FALSE(subscriptions.add(uri_, text(), "7"));
}

}  // namespace
}  // namespace cortex::mcp
