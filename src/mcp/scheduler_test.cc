#include "mcp/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>

namespace cortex::mcp {
namespace {

using std::chrono::milliseconds;

TEST(Scheduler, EverythingRuns_EvenWhenItIsTakenDown) {
  std::atomic<int> ran = 0;
  {
    Scheduler scheduler(3);
    for (int i = 0; i < 1000; ++i) {
      scheduler.submit(i % 3 == 0 ? Lane::kSlow : Lane::kRead, [&] { ++ran; });
    }
  }
  EXPECT_EQ(ran, 1000);
}

TEST(Scheduler, WritesSeeWhatCameBefore_AndNothingElse) {
  Scheduler scheduler(4);
  std::string order;  // guarded by the rule under test
  std::atomic<int> reads = 0;
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 3; ++i) scheduler.submit(Lane::kRead, [&] { ++reads; });
    scheduler.submit(Lane::kWrite, [&, round] {
      EXPECT_EQ(reads, 3 * (round + 1));
      order += 'w';
    });
  }
  EXPECT_TRUE(scheduler.wait_idle(milliseconds(5000)));
  EXPECT_EQ(order, std::string(100, 'w'));
}

TEST(Scheduler, SlowCallsDoNotHoldUpTheOthers) {
  Scheduler scheduler(2);
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  for (int i = 0; i < 5; ++i) scheduler.submit(Lane::kSlow, [released] { released.wait(); });
  std::promise<void> written;
  scheduler.submit(Lane::kWrite, [&] { written.set_value(); });
  written.get_future().wait();  // would never come when slow calls took every worker
  EXPECT_FALSE(scheduler.wait_idle(milliseconds(1)));
  release.set_value();
  EXPECT_TRUE(scheduler.wait_idle(milliseconds(5000)));
}

TEST(Scheduler, AFullQueueSlowsTheSubmitterDown) {
  Scheduler scheduler(2);
  std::atomic<int> ran = 0;
  const int many = static_cast<int>(Scheduler::kWaitingMax) + 500;
  for (int i = 0; i < many; ++i) scheduler.submit(Lane::kRead, [&] { ++ran; });
  EXPECT_TRUE(scheduler.wait_idle(milliseconds(5000)));
  EXPECT_EQ(ran, many);
}

}  // namespace
}  // namespace cortex::mcp
