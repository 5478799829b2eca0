#include "bundle/runs.h"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <vector>

#include "base/text.h"

namespace cortex::bundle {
namespace {

using Blocks = std::vector<std::uint64_t>;

Error broken(std::string_view what) { return make_error(Code::kInternal, std::string(what)); }

// Blocks read ahead of those that were taken, at most.
constexpr std::uint64_t kAheadMax = 16;

TEST(Runs, AreTakenInOrder_AndOnlySoManyWait) {
  for (const bool parallel : {false, true}) {
    for (const std::uint64_t blocks : {0U, 1U, 3U, 4U, 5U, 8U, 9U, 1000U}) {
      std::vector<std::uint64_t> taken;
      std::atomic<std::uint64_t> seen = 0;
      std::atomic<bool> runs_away = false;
      const auto read = [&](std::size_t, std::uint64_t first, std::uint64_t count, Blocks& run) {
        run.clear();
        if (first + count > seen + kAheadMax) runs_away = true;
        for (std::uint64_t i = first; i < first + count; ++i) run.push_back(i);
        return Status();
      };
      const auto take = [&](const Blocks& run) {
        taken.insert(taken.end(), run.begin(), run.end());
        seen = taken.size();
        return Status();
      };
      ASSERT_TRUE(in_runs<Blocks>(blocks, parallel, read, take).ok());
      ASSERT_EQ(taken.size(), blocks);
      for (std::uint64_t i = 0; i < blocks; ++i) EXPECT_EQ(taken[i], i);
      EXPECT_FALSE(runs_away) << blocks;
    }
  }
}

TEST(Runs, AnErrorEndsThem_WhereverItComesFrom) {
  constexpr std::uint64_t kBlocks = 400, kBad = 200;
  for (const bool parallel : {false, true}) {
    std::uint64_t taken = 0;
    const auto read = [&](std::size_t, std::uint64_t first, std::uint64_t count, Blocks& run) {
      run.assign(count, first);
      return first == kBad ? Status(broken("read")) : Status();
    };
    const auto count_them = [&](const Blocks& run) {
      taken += run.size();
      return Status();
    };
    const Status unread = in_runs<Blocks>(kBlocks, parallel, read, count_them);
    ASSERT_FALSE(unread.ok());
    EXPECT_EQ(unread.error().message, "read");
    EXPECT_LE(taken, kBad);

    const auto refuse = [&](const Blocks& run) {
      return run.front() >= kBad / 2 ? Status(broken("taken")) : Status();
    };
    const Status untaken = in_runs<Blocks>(kBlocks, parallel, read, refuse);
    ASSERT_FALSE(untaken.ok());
    EXPECT_EQ(untaken.error().message, "taken");
  }
}

}  // namespace
}  // namespace cortex::bundle
