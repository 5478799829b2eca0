// The model of power loss itself: what is sure, what is possible, what is not.
#include "base/fs/crash_fs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/fs/fs.h"
#include "base/text.h"

namespace cortex::fs {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::uint64_t kSeeds = 64;

template <class T>
int crash_errno(const Result<T>& result) {
  return result.ok() ? 0 : result.error().system_errno;
}

std::unique_ptr<File> open_file(CrashFs& fs, const std::string& path, Open how = Open::kAppend) {
  auto file = fs.open(path, how);
  EXPECT_TRUE(file.ok()) << file.error().text();
  return std::move(file).value();
}

std::string get(CrashFs& fs, const std::string& path) {
  auto bytes = read_all(fs, path, 1U << 20U);
  return bytes.ok() ? *bytes : describe(bytes.error());
}

// A file with a stable entry and stable bytes.
void put_stable(CrashFs& fs, const std::string& path, std::string_view bytes) {
  ASSERT_TRUE(write_new(fs, path, bytes, 0600).ok());
  ASSERT_TRUE(fs.sync_directory(parent_of(path)).ok());
}

// Every state that `look` reports after `act` and a power loss of this fate.
template <class Act, class Look>
std::set<std::string> outcomes(Fate fate, Act act, Look look) {
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    CrashFs fs;
    act(fs);
    fs.crash(fate, seed);
    seen.insert(look(fs));
  }
  return seen;
}

std::string names(CrashFs& fs) {
  std::string out;
  for (const std::string& name : fs.list("/").value()) out += name + ' ';
  return out;
}

TEST(CrashFs, SyncedBytesAndEntriesSurviveEveryFate) {
  const auto act = [](CrashFs& fs) { put_stable(fs, "/a", "kept"); };
  for (const Fate fate : kFates) {
    EXPECT_THAT(outcomes(fate, act, [](CrashFs& fs) { return get(fs, "/a"); }),
                ElementsAre("kept"));
  }
}

TEST(CrashFs, AFileIsLostWithItsSyncedBytesWhenItsFolderWasNotSynced) {
  const auto act = [](CrashFs& fs) { ASSERT_TRUE(write_new(fs, "/a", "bytes", 0600).ok()); };
  const auto look = [](CrashFs& fs) { return names(fs); };
  EXPECT_THAT(outcomes(Fate::kDropped, act, look), ElementsAre(""));
  EXPECT_THAT(outcomes(Fate::kApplied, act, look), ElementsAre("a "));
  EXPECT_THAT(outcomes(Fate::kMixed, act, look), ElementsAre("", "a "));
  EXPECT_THAT(outcomes(Fate::kTorn, act, look), ElementsAre("", "a "));
}

TEST(CrashFs, AnEntryCanBeStableBeforeItsBytes) {
  const auto act = [](CrashFs& fs) {
    ASSERT_TRUE(open_file(fs, "/a", Open::kAppendOrCreate)->append("bytes").ok());
  };
  const auto look = [](CrashFs& fs) { return get(fs, "/a"); };
  EXPECT_THAT(outcomes(Fate::kDropped, act, look), ElementsAre(""));
  EXPECT_THAT(outcomes(Fate::kTorn, act, look), ElementsAre("", "b", "by", "byt", "byte", "bytes"));
}

TEST(CrashFs, UnsyncedAppendsAreTornAtAnyByteInTheirOrder) {
  const auto act = [](CrashFs& fs) {
    put_stable(fs, "/a", "1");
    const auto file = open_file(fs, "/a");
    ASSERT_TRUE(file->append("23").ok());
    ASSERT_TRUE(file->append("4").ok());
  };
  EXPECT_THAT(outcomes(Fate::kTorn, act, [](CrashFs& fs) { return get(fs, "/a"); }),
              ElementsAre("1", "12", "123", "1234"));
}

TEST(CrashFs, GarbageStandsOnlyWhereBytesWereNotSynced) {
  const std::string tail(20, 'x');
  const auto act = [&](CrashFs& fs) {
    put_stable(fs, "/a", "kept");
    ASSERT_TRUE(open_file(fs, "/a")->append(tail).ok());
  };
  const auto seen = outcomes(Fate::kGarbage, act, [](CrashFs& fs) { return get(fs, "/a"); });
  EXPECT_GT(seen.size(), kSeeds / 2);
  for (const std::string& bytes : seen) {
    EXPECT_THAT(bytes, StartsWith("kept"));
    EXPECT_EQ(bytes.size(), 24U);
    EXPECT_NE(bytes, "kept" + tail);
  }
}

TEST(CrashFs, AnUnsyncedCutMayBeUndone) {
  const auto act = [](CrashFs& fs) {
    put_stable(fs, "/a", "kept gone");
    ASSERT_TRUE(open_file(fs, "/a")->truncate(4).ok());
  };
  const auto look = [](CrashFs& fs) { return get(fs, "/a"); };
  EXPECT_THAT(outcomes(Fate::kTorn, act, look), ElementsAre("kept", "kept gone"));
  const auto seen = outcomes(Fate::kGarbage, act, look);
  EXPECT_GT(seen.size(), 2U) << "the bytes behind the cut may come back as others";
  for (const std::string& bytes : seen) EXPECT_THAT(bytes, StartsWith("kept"));
}

TEST(CrashFs, AnUnsyncedRenameShowsOneNameNeverBothOrNone) {
  const auto act = [](CrashFs& fs) {
    put_stable(fs, "/old", "bytes");
    ASSERT_TRUE(fs.rename_no_replace("/old", "/new").ok());
  };
  const auto look = [](CrashFs& fs) { return names(fs); };
  for (const Fate fate : {Fate::kMixed, Fate::kTorn, Fate::kGarbage}) {
    EXPECT_THAT(outcomes(fate, act, look), ElementsAre("new ", "old "));
  }
  EXPECT_THAT(outcomes(Fate::kDropped, act, look), ElementsAre("old "));
}

TEST(CrashFs, UnsyncedEntriesComeInAnyOrderOnlyWhenMixed) {
  const auto act = [](CrashFs& fs) {
    ASSERT_TRUE(write_new(fs, "/a", "", 0600).ok());
    ASSERT_TRUE(write_new(fs, "/b", "", 0600).ok());
  };
  const auto look = [](CrashFs& fs) { return names(fs); };
  EXPECT_THAT(outcomes(Fate::kTorn, act, look), ElementsAre("", "a ", "a b "));
  EXPECT_THAT(outcomes(Fate::kMixed, act, look), ElementsAre("", "a ", "a b ", "b "));
}

TEST(CrashFs, AnUnsyncedRemovalMayBeUndone) {
  const auto act = [](CrashFs& fs) {
    ASSERT_TRUE(fs.make_directory("/d", 0700).ok());
    put_stable(fs, "/d/a", "x");
    ASSERT_TRUE(fs.sync_directory("/").ok());
    ASSERT_TRUE(remove_tree(fs, "/d").ok());
  };
  const auto look = [](CrashFs& fs) {
    return names(fs) + (fs.stat("/d")->kind == Kind::kMissing ? ""
                        : fs.list("/d")->empty()              ? "-"
                                                              : "a");
  };
  EXPECT_THAT(outcomes(Fate::kMixed, act, look), ElementsAre("", "d -", "d a"))
      << "a folder is never removed with something in it";
}

TEST(CrashFs, AnUnsyncedMoveOutOfARemovedFolderLosesNothing) {
  const auto act = [](CrashFs& fs) {
    ASSERT_TRUE(fs.make_directories("/d", 0700).ok());
    put_stable(fs, "/d/a", "x");
    ASSERT_TRUE(fs.rename_no_replace("/d/a", "/a").ok());
    ASSERT_TRUE(fs.remove_directory("/d").ok());
  };
  const auto look = [](CrashFs& fs) { return names(fs) + get(fs, "/a") + get(fs, "/d/a"); };
  const std::string missing = "No such file or directory";
  EXPECT_THAT(outcomes(Fate::kMixed, act, look),
              ElementsAre("a d x" + missing, "a x" + missing, "d " + missing + "x"));
}

TEST(CrashFs, ASyncedFolderIsLostWhenItsOwnEntryWasNotSynced) {
  CrashFs fs;
  ASSERT_TRUE(fs.make_directory("/d", 0700).ok());
  put_stable(fs, "/d/a", "x");
  fs.crash(Fate::kDropped, 0);
  EXPECT_THAT(*fs.list("/"), IsEmpty());
}

TEST(CrashFs, AMoveBetweenFoldersIsStableWithEitherOfThem) {
  for (const char* synced : {"/from", "/to"}) {
    CrashFs fs;
    ASSERT_TRUE(fs.make_directories("/from", 0700).ok());
    ASSERT_TRUE(fs.make_directories("/to", 0700).ok());
    put_stable(fs, "/to/x", "first");
    ASSERT_TRUE(write_new(fs, "/from/x", "second", 0600).ok());
    ASSERT_TRUE(fs.remove_file("/to/x").ok());
    ASSERT_TRUE(fs.rename_no_replace("/from/x", "/to/x").ok());
    ASSERT_TRUE(fs.sync_directory(synced).ok());
    fs.crash(Fate::kDropped, 0);
    EXPECT_THAT(*fs.list("/from"), IsEmpty()) << synced;
    EXPECT_EQ(get(fs, "/to/x"), "second") << synced;
  }
}

TEST(CrashFs, AModeIsStableAfterAFullSyncOnly) {
  CrashFs fs;
  put_stable(fs, "/a", "");
  const auto file = open_file(fs, "/a");
  ASSERT_TRUE(file->set_mode(0400).ok());
  ASSERT_TRUE(file->sync_all().ok());
  ASSERT_TRUE(file->set_mode(0440).ok());
  ASSERT_TRUE(file->sync_data().ok());
  fs.crash(Fate::kDropped, 0);
  EXPECT_EQ(fs.stat("/a")->mode, 0400U);
}

TEST(CrashFs, LocksVanishAndOldHandlesFailAfterACrash) {
  CrashFs fs;
  put_stable(fs, "/a", "x");
  const auto old = open_file(fs, "/a");
  ASSERT_TRUE(old->lock(Lock::kExclusive, 0).ok());
  fs.crash(Fate::kApplied, 0);
  char buffer[4];
  EXPECT_EQ(crash_errno(old->read_at(0, buffer)), EIO);
  EXPECT_EQ(crash_errno(old->append("y")), EIO);
  EXPECT_EQ(crash_errno(old->truncate(0)), EIO);
  EXPECT_EQ(crash_errno(old->sync_data()), EIO);
  EXPECT_EQ(crash_errno(old->info()), EIO);
  EXPECT_EQ(crash_errno(old->set_mode(0600)), EIO);
  EXPECT_EQ(crash_errno(old->lock(Lock::kShared, 0)), EIO);
  EXPECT_EQ(crash_errno(old->unlock()), EIO);
  const auto fresh = open_file(fs, "/a");
  EXPECT_TRUE(fresh->lock(Lock::kExclusive, 0).ok());
  EXPECT_EQ(crash_errno(old->close()), EIO);
  EXPECT_EQ(crash_errno(open_file(fs, "/a")->lock(Lock::kShared, 0)), EWOULDBLOCK)
      << "closing the old handle must not free the new lock";
}

TEST(CrashFs, AKilledProcessLosesItsLocksAndTheMachineKeepsWhatWasWritten) {
  CrashFs fs;
  put_stable(fs, "/a", "1");
  const auto old = open_file(fs, "/a");
  ASSERT_TRUE(old->lock(Lock::kExclusive, 0).ok());
  ASSERT_TRUE(old->append("2").ok());
  fs.kill();
  EXPECT_EQ(crash_errno(old->append("x")), EIO);
  EXPECT_EQ(get(fs, "/a"), "12");
  EXPECT_TRUE(open_file(fs, "/a")->lock(Lock::kExclusive, 0).ok());
  fs.crash(Fate::kDropped, 0);
  EXPECT_EQ(get(fs, "/a"), "1") << "no sync came in between";
}

TEST(CrashFs, NothingWorksBetweenTheCrashPointAndTheRestart) {
  CrashFs fs;
  put_stable(fs, "/a", "1");
  const auto file = open_file(fs, "/a");
  fs.crash_at(fs.operation_count() + 1);
  EXPECT_FALSE(fs.is_halted());
  EXPECT_EQ(crash_errno(file->append("2")), EIO);
  EXPECT_TRUE(fs.is_halted());
  EXPECT_EQ(crash_errno(file->sync_data()), EIO);
  EXPECT_EQ(crash_errno(file->info()), EIO);
  EXPECT_EQ(crash_errno(fs.stat("/a")), EIO);
  EXPECT_EQ(crash_errno(fs.list("/")), EIO);
  EXPECT_EQ(crash_errno(fs.open("/a", Open::kRead)), EIO);
  EXPECT_EQ(crash_errno(fs.make_directory("/d", 0700)), EIO);
  EXPECT_EQ(crash_errno(fs.rename_no_replace("/a", "/b")), EIO);
  EXPECT_EQ(crash_errno(fs.remove_file("/a")), EIO);
  EXPECT_EQ(fs.operations().back(), "append \"/a\"");
  fs.crash(Fate::kApplied, 0);
  EXPECT_EQ(get(fs, "/a"), "12") << "the interrupted operation may have happened";
  EXPECT_TRUE(open_file(fs, "/a")->append("3").ok()) << "the crash point is used up";
}

TEST(CrashFs, ASyncInterruptedByPowerLossLeavesItsBytesToFate) {
  for (const Fate fate : {Fate::kApplied, Fate::kDropped}) {
    CrashFs fs;
    put_stable(fs, "/a", "1");
    const auto file = open_file(fs, "/a");
    ASSERT_TRUE(file->append("2").ok());
    fs.crash_at(fs.operation_count() + 1);
    EXPECT_EQ(crash_errno(file->sync_data()), EIO);
    fs.crash(fate, 0);
    EXPECT_EQ(get(fs, "/a"), fate == Fate::kApplied ? "12" : "1");
  }
}

TEST(CrashFs, EveryKindOfOperationCountsAndFailsWithoutEffect) {
  const auto run = [](CrashFs& fs) {
    std::vector<int> failures;
    const auto step = [&](const Status& status) { failures.push_back(crash_errno(status)); };
    step(fs.make_directory("/d", 0700));
    step(write_new(fs, "/f", "x", 0600));
    if (auto file = fs.open("/f", Open::kAppend); file.ok()) {
      step((*file)->truncate(0));
      step((*file)->set_mode(0400));
    }
    step(fs.rename_no_replace("/f", "/g"));
    step(fs.remove_file("/g"));
    step(fs.remove_directory("/d"));
    step(fs.sync_directory("/"));
    return failures;
  };
  CrashFs clean;
  EXPECT_THAT(run(clean), Not(Contains(Not(0))));
  EXPECT_THAT(clean.operations(),
              ElementsAre("mkdir \"/d\"", "create \"/f\"", "append \"/f\"", "sync \"/f\"",
                          "truncate \"/f\"", "chmod \"/f\"", "rename \"/f\"", "remove \"/g\"",
                          "remove \"/d\"", "sync \"/\""));
  for (std::size_t n = 1; n <= clean.operation_count(); ++n) {
    CrashFs fs;
    fs.fail_at(n, ENOSPC);
    EXPECT_THAT(run(fs), Contains(ENOSPC)) << n;
  }
}

TEST(CrashFs, CallsThatFailForTheirOwnReasonsDoNotCount) {
  CrashFs fs;
  EXPECT_EQ(crash_errno(fs.remove_file("/none")), ENOENT);
  EXPECT_EQ(crash_errno(fs.make_directory("/", 0700)), EEXIST);
  EXPECT_EQ(fs.operation_count(), 0U);
}

TEST(CrashFs, AFailedAppendIsCutBackAndItsFirstHalfMayReappear) {
  const auto act = [](CrashFs& fs) {
    put_stable(fs, "/a", "kept ");
    const auto file = open_file(fs, "/a");
    fs.fail_at(fs.operation_count() + 1, ENOSPC);
    const Status failed = file->append("1234");
    EXPECT_EQ(crash_errno(failed), ENOSPC);
    EXPECT_EQ(failed.error().unchanged, "the file has its old size");
    EXPECT_THAT(failed.error().next, HasSubstr("free space"));
    EXPECT_EQ(get(fs, "/a"), "kept ");
  };
  EXPECT_THAT(outcomes(Fate::kTorn, act, [](CrashFs& fs) { return get(fs, "/a"); }),
              ElementsAre("kept ", "kept 1", "kept 12"));
}

TEST(CrashFs, AFileThatCouldNotBeCutBackIsPoisoned) {
  CrashFs fs;
  put_stable(fs, "/a", "kept ");
  const auto file = open_file(fs, "/a");
  fs.fail_at(fs.operation_count() + 1, EIO, CutBack::kFails);
  EXPECT_THAT(file->append("1234").error().unchanged, HasSubstr("old size of 5 bytes failed"));
  EXPECT_EQ(get(fs, "/a"), "kept 12");
  EXPECT_THAT(file->append("x").error().message, HasSubstr("earlier storage failure"));
  EXPECT_EQ(crash_errno(file->sync_data()), EIO);
  EXPECT_EQ(crash_errno(file->truncate(5)), EIO);
  EXPECT_EQ(crash_errno(file->lock(Lock::kShared, 0)), EIO);
}

// The page cache shows what no later sync will write.
TEST(CrashFs, BytesOfAFailedSyncAreLostAlthoughTheNextSyncSucceeds) {
  CrashFs fs;
  put_stable(fs, "/a", "kept ");
  auto file = open_file(fs, "/a");
  ASSERT_TRUE(file->append("lost ").ok());
  fs.fail_at(fs.operation_count() + 1, EIO);
  EXPECT_EQ(crash_errno(file->sync_data()), EIO);
  EXPECT_THAT(file->sync_data().error().message, HasSubstr("earlier storage failure"));
  file = open_file(fs, "/a");
  EXPECT_EQ(get(fs, "/a"), "kept lost ");
  ASSERT_TRUE(file->append("more").ok());
  ASSERT_TRUE(file->sync_data().ok());
  EXPECT_EQ(get(fs, "/a"), "kept lost more");
  fs.crash(Fate::kApplied, 0);
  EXPECT_EQ(get(fs, "/a"), std::string("kept \0\0\0\0\0more", 14));
}

TEST(CrashFs, DroppingTheCacheShowsWhatAFailedSyncLost) {
  CrashFs fs;
  put_stable(fs, "/a", "kept ");
  auto file = open_file(fs, "/a");
  ASSERT_TRUE(file->append("lost").ok());
  fs.fail_at(fs.operation_count() + 1, EIO);
  ASSERT_FALSE(file->sync_data().ok());
  file->drop_cache();
  EXPECT_EQ(get(fs, "/a"), std::string("kept \0\0\0\0", 9));
  file = open_file(fs, "/a");
  ASSERT_TRUE(file->truncate(5).ok());
  ASSERT_TRUE(file->append("dirty").ok());
  file->drop_cache();
  EXPECT_EQ(get(fs, "/a"), "kept dirty") << "pages that wait to be written are not dropped";
}

TEST(CrashFs, TheSameSeedGivesTheSameDisk) {
  const auto state = [](std::uint64_t seed) {
    CrashFs fs;
    for (const char* name : {"/a", "/b", "/c"}) {
      EXPECT_TRUE(open_file(fs, name, Open::kCreateExclusive)->append("some bytes").ok());
    }
    fs.crash(Fate::kGarbage, seed);
    std::string out;
    for (const std::string& name : fs.list("/").value()) out += name + get(fs, join("/", name));
    return out;
  };
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    EXPECT_EQ(state(seed), state(seed)) << seed;
    seen.insert(state(seed));
  }
  EXPECT_GT(seen.size(), kSeeds / 2);
}

}  // namespace
}  // namespace cortex::fs
