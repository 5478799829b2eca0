// The staging folder against power loss, kills and failing devices: a bundle is there as a whole or
// not at all, and what an interrupted run leaves is removed by the next one.
#include "bundle/staging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "base/fs/crash_fs.h"
#include "base/test_seams.h"
#include "base/text.h"

namespace cortex::bundle {
namespace {

using fs::CrashFs;
using fs::Fate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kParent = "/data/backups";
constexpr const char* kOutput = "/data/backups/nightly";
constexpr const char* kPrefix = ".nightly.staging.";

struct Member {
  const char* name;
  std::size_t size_bytes;
};
constexpr Member kMembers[] = {{"cortex.db", 5000}, {"events.jsonl", 300}, {"manifest.json", 1}};

std::string content_of(const Member& member) {
  return std::string(member.size_bytes, member.name[0]);
}

// What is there before the run whose operations are interrupted.
enum class Before { kNothing, kFolder, kDeadStaging };
constexpr Before kBefore[] = {Before::kNothing, Before::kFolder, Before::kDeadStaging};

struct World {
  explicit World(Before before) {
    const std::string first = before == Before::kNothing ? "/data" : kParent;
    EXPECT_TRUE(disk.make_directories(first, 0700).ok());
    if (before == Before::kDeadStaging) {
      auto dead = create(kOutput);
      EXPECT_TRUE(dead.ok() && write_members(**dead).ok());
      EXPECT_TRUE(disk.sync_directory(kParent).ok());
      disk.crash(Fate::kApplied, 0);
    }
  }

  Result<std::unique_ptr<Staging>> create(const std::string& output) {
    return Staging::create(disk, output, clock, random);
  }
  Status write_members(const Staging& staging) {
    for (const Member& member : kMembers) {
      const std::string bytes = content_of(member);
      CORTEX_ASSIGN(auto file,
                    disk.open(staging.member(member.name), fs::Open::kCreateExclusive, 0600));
      CORTEX_TRY(file->append(bytes.substr(0, bytes.size() / 2)));
      CORTEX_TRY(file->append(bytes.substr(bytes.size() / 2)));
      CORTEX_TRY(file->sync_all());
      CORTEX_TRY(file->close());
    }
    return {};
  }
  Status run() {
    CORTEX_ASSIGN(const auto staging, create(kOutput));
    CORTEX_TRY(write_members(*staging));
    return staging->publish();
  }

  bool is_published() { return disk.lstat(kOutput)->kind == fs::Kind::kDirectory; }
  // Full paths of the staging folders of this output.
  std::vector<std::string> leftovers() {
    std::vector<std::string> out;
    if (disk.lstat(kParent)->kind == fs::Kind::kMissing) return out;
    for (const std::string& name : disk.list(kParent).value()) {
      if (name.starts_with(kPrefix)) out.push_back(fs::join(kParent, name));
    }
    return out;
  }

  CrashFs disk;
  StoppedClock clock;
  CountingRandom random;
};

void expect_complete(World& world) {
  ASSERT_TRUE(world.is_published());
  EXPECT_THAT(*world.disk.list(kOutput),
              ElementsAre(kMembers[0].name, kMembers[1].name, kMembers[2].name));
  for (const Member& member : kMembers) {
    const auto bytes = fs::read_all(world.disk, fs::join(kOutput, member.name), 1U << 20U);
    ASSERT_TRUE(bytes.ok()) << bytes.error().text();
    EXPECT_TRUE(*bytes == content_of(member)) << member.name << " is not complete";
  }
}

// After the fault: all or nothing, and the next runs work and clean up. `again`: what the next run
// publishes survives a power loss.
void expect_whole_or_absent(World& world, bool again) {
  const std::vector<std::string> dead = world.leftovers();
  {
    const auto other = world.create(fs::join(kParent, "weekly"));
    ASSERT_TRUE(other.ok()) << other.error().text();
    EXPECT_THAT((*other)->removed_dead(), IsEmpty()) << "another output's folder is not its own";
    EXPECT_EQ(world.leftovers(), dead);
  }
  if (world.is_published()) {
    expect_complete(world);
    EXPECT_THAT(world.leftovers(), IsEmpty());
    EXPECT_EQ(world.create(kOutput).error().code, Code::kPrecondition);
    return;
  }
  {
    const auto next = world.create(kOutput);
    ASSERT_TRUE(next.ok()) << next.error().text();
    EXPECT_EQ((*next)->removed_dead(), dead);
    EXPECT_THAT(world.leftovers(), ElementsAre((*next)->path()));
    ASSERT_TRUE(world.write_members(**next).ok());
    ASSERT_TRUE((*next)->publish().ok());
  }
  if (again) world.disk.crash(Fate::kDropped, 0);
  expect_complete(world);
}

// Calls `check(n, what)` for each operation of the run, which is described by `what`.
template <class Check>
void at_every_operation(Before before, Check check) {
  World clean(before);
  const std::size_t first = clean.disk.operation_count() + 1;
  const Status status = clean.run();
  ASSERT_TRUE(status.ok()) << status.error().text();
  expect_complete(clean);
  for (std::size_t n = first; n <= clean.disk.operation_count(); ++n) {
    check(n, cat("start ", static_cast<int>(before), ", at ", clean.disk.operations()[n - 1]));
  }
}

TEST(StagingCrash, PowerLossAtAnyOperation_LeavesAWholeBundleOrNone) {
  for (const Before before : kBefore) {
    at_every_operation(before, [&](std::size_t n, const std::string& what) {
      for (const Fate fate : fs::kFates) {
        for (std::uint64_t seed = 0; seed < 16; ++seed) {
          SCOPED_TRACE(cat(what, ", fate ", static_cast<int>(fate), ", seed ", seed));
          World world(before);
          world.disk.crash_at(n);
          EXPECT_FALSE(world.run().ok());
          world.disk.crash(fate, seed);
          expect_whole_or_absent(world, true);
        }
      }
    });
  }
}

TEST(StagingCrash, PowerLossAfterPublishing_LosesNothing) {
  for (const Before before : kBefore) {
    for (const Fate fate : fs::kFates) {
      World world(before);
      ASSERT_TRUE(world.run().ok());
      world.disk.crash(fate, 1);
      expect_complete(world);
    }
  }
}

// The power loss is left out where the killed run made the parent folders: the next run finds them
// and does not ask whether their own entries are stable.
TEST(StagingCrash, AKilledRunAtAnyOperation_IsCleanedUpByTheNext) {
  for (const Before before : kBefore) {
    at_every_operation(before, [&](std::size_t n, const std::string& what) {
      SCOPED_TRACE(what);
      World world(before);
      world.disk.crash_at(n);
      EXPECT_FALSE(world.run().ok());
      world.disk.kill();
      expect_whole_or_absent(world, before != Before::kNothing);
    });
  }
}

// The program goes on after the failure, so nothing of its own stays behind. Removing what another
// run left is a courtesy, whose failure fails nothing.
TEST(StagingCrash, AFailedOperation_LeavesNoStagingFolderAndNoHalfBundle) {
  for (const Before before : kBefore) {
    at_every_operation(before, [&](std::size_t n, const std::string& what) {
      for (const int error_number : {EIO, ENOSPC}) {
        SCOPED_TRACE(what);
        World world(before);
        const std::vector<std::string> dead = world.leftovers();
        world.disk.fail_at(n, error_number);
        const Status status = world.run();
        if (status.ok()) {
          expect_complete(world);
          EXPECT_EQ(dead.size(), 1U);
          continue;
        }
        EXPECT_EQ(status.error().system_errno, error_number);
        EXPECT_THAT(world.leftovers(), IsEmpty());
        EXPECT_EQ(world.disk.stat(kParent)->kind == fs::Kind::kMissing,
                  before == Before::kNothing && !world.is_published());
        expect_whole_or_absent(world, true);
      }
    });
  }
}

TEST(StagingCrash, AStagingFolderInUse_IsNotRemovedByAnotherRun) {
  World world(Before::kFolder);
  const auto first = world.create(kOutput);
  ASSERT_TRUE(first.ok());
  const auto second = world.create(kOutput);
  ASSERT_TRUE(second.ok());
  EXPECT_THAT((*second)->removed_dead(), IsEmpty());
  ASSERT_TRUE(world.write_members(**first).ok());
  ASSERT_TRUE((*first)->publish().ok());
  EXPECT_EQ((*second)->publish().error().system_errno, EEXIST);
  expect_complete(world);
}

}  // namespace
}  // namespace cortex::bundle
