#include "base/conveyor.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

namespace cortex {
namespace {

struct Item {
  int number = 0;
  std::string buffer;
};

Error failure() { return make_error(Code::kInternal, "the work failed"); }

TEST(Conveyor, ItemsAreWorkedOnInOrder_HoweverManyThereAre) {
  for (const int count : {0, 1, 127, 128, 129, 5000}) {
    std::vector<int> seen;
    Conveyor<Item> belt([&seen](Item& item) -> Status {
      seen.push_back(item.number);
      return {};
    });
    for (int i = 0; i < count; ++i) {
      belt.slot().number = i;
      belt.push();
    }
    EXPECT_TRUE(belt.finish().ok());
    std::vector<int> wanted(static_cast<std::size_t>(count));
    std::iota(wanted.begin(), wanted.end(), 0);
    EXPECT_EQ(seen, wanted) << count;
  }
}

TEST(Conveyor, BuffersComeBack) {
  int reused = 0;
  Conveyor<Item> belt([](Item& item) -> Status {
    item.buffer.reserve(1000);
    return {};
  });
  for (int i = 0; i < 100'000; ++i) {
    if (belt.slot().buffer.capacity() >= 1000) ++reused;
    belt.push();
  }
  EXPECT_TRUE(belt.finish().ok());
  EXPECT_GT(reused, 90'000);
}

TEST(Conveyor, AfterAFailureNothingIsWorkedOn_AndItIsToldOnce) {
  for (const int count : {5, 3000}) {
    int worked = 0;
    Conveyor<Item> belt([&worked](Item&) -> Status {
      ++worked;
      return worked == 3 ? Status(failure()) : Status{};
    });
    for (int i = 0; i < count; ++i) {
      belt.slot();
      belt.push();
    }
    EXPECT_EQ(belt.finish().error().message, "the work failed");
    EXPECT_TRUE(belt.failed());
    EXPECT_EQ(worked, 3);
    EXPECT_TRUE(belt.finish().ok());
  }
}

TEST(Conveyor, WhoGoesAwayWaitsForTheWork) {
  int worked = 0;
  {
    Conveyor<Item> belt([&worked](Item&) -> Status {
      ++worked;
      return {};
    });
    for (int i = 0; i < 300; ++i) {
      belt.slot();
      belt.push();
    }
  }
  EXPECT_EQ(worked, 300);
}

}  // namespace
}  // namespace cortex
