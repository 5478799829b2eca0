// What the commands on memories ask of SQLite, counted on a store and on one four times as large:
// none may go through all memories, none may ask once for each.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "app/app_fixture.h"
#include "app/init.h"
#include "app/many_memories_fixture.h"
#include "app/open_store.h"
#include "sqlite/work_count.h"

namespace cortex::app {
namespace {

constexpr std::uint64_t kSmall = 1000, kBig = 4000;
// Deeper trees, more segments of the search index: both grow with the logarithm.
constexpr double kGrowthMax = 1.5;
constexpr std::uint64_t kFewSteps = 500, kFewStatements = 4;
constexpr std::uint64_t kFewRows = 200;  // open contradictions, one in 200 memories

class MemoryScaleTest : public AppTest {
 protected:
  std::map<std::string_view, sqlite::Work> work_of_all(std::uint64_t memories) {
    const Layout layout = layout_in(folder_ / cat("of_", memories));
    EXPECT_TRUE(init(services_, layout, false).ok());
    EXPECT_TRUE(open_store(services_, layout).ok());
    const Status filled = ManyMemories::fill(services_, layout, memories);
    EXPECT_TRUE(filled.ok()) << filled.error().text();
    std::map<std::string_view, sqlite::Work> found;
    for (const MemoryTask& task : memory_tasks("bench")) {
      // All memories have the word, so that a search is bounded by itself alone. The first time
      // makes what others only add to.
      EXPECT_TRUE(task.run(services_, layout).ok());
      sqlite::WorkCount count;
      const Status done = task.run(services_, layout);
      EXPECT_TRUE(done.ok()) << task.name << ": " << done.error().text();
      found[task.name] = count.total();
    }
    return found;
  }
};

TEST_F(MemoryScaleTest, NothingGrowsWithTheNumberOfMemories) {
  const auto small = work_of_all(kSmall), big = work_of_all(kBig);
  for (const auto& [name, before] : small) {
    const sqlite::Work& after = big.at(name);
    const auto grows = [](std::uint64_t from, std::uint64_t to, std::uint64_t few) {
      return static_cast<double>(to) > kGrowthMax * static_cast<double>(from + few);
    };
    EXPECT_FALSE(grows(before.statements, after.statements, kFewStatements))
        << name << ": " << before.statements << " statements became " << after.statements;
    EXPECT_FALSE(grows(before.steps, after.steps, kFewSteps))
        << name << ": " << before.steps << " instructions became " << after.steps;
    EXPECT_FALSE(grows(before.scanned, after.scanned, kFewRows))
        << name << ": " << before.scanned << " rows scanned became " << after.scanned;
  }
}

}  // namespace
}  // namespace cortex::app
