#include "base/fs/posix_fs.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <thread>

#include "base/fs/fs.h"
#include "base/fs/test_dir.h"

namespace cortex::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

void put(const std::string& path, std::string_view bytes) {
  const Status written = write_new(posix(), path, bytes, 0600);
  ASSERT_TRUE(written.ok()) << written.error().text();
}

std::string get(const std::string& path) {
  auto bytes = read_all(posix(), path, 1U << 20U);
  return bytes.ok() ? *bytes : bytes.error().text();
}

std::unique_ptr<File> open_file(const std::string& path, Open how) {
  auto file = posix().open(path, how);
  EXPECT_TRUE(file.ok()) << file.error().text();
  return std::move(file).value();
}

template <class T>
int posix_errno(const Result<T>& result) {
  return result.ok() ? 0 : result.error().system_errno;
}

// What `work` answers while no file may be written beyond so many bytes.
template <class Work>
Status within_file_limit(rlim_t bytes, const Work& work) {
  rlimit before{};
  EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit tight = before;
  tight.rlim_cur = bytes;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  Status done = work();
  EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  return done;
}

TEST(PosixFs, ExclusiveCreationRefusesWhatIsThereInAnyForm) {
  const TestDir dir;
  put(dir / "file", "x");
  ASSERT_EQ(::symlink("nowhere", (dir / "link").c_str()), 0);
  ASSERT_EQ(::mkdir((dir / "folder").c_str(), 0700), 0);
  for (const char* name : {"file", "link", "folder"}) {
    EXPECT_EQ(posix_errno(posix().open(dir / name, Open::kCreateExclusive)), EEXIST) << name;
  }
  EXPECT_EQ(posix_errno(posix().open(dir / "link", Open::kAppendOrCreate)), EEXIST);
  EXPECT_EQ(posix().lstat(dir / "nowhere")->kind, Kind::kMissing);
}

TEST(PosixFs, FilesAreCreatedWithTheirModeAndClosedOnExec) {
  const TestDir dir;
  auto file = posix().open(dir / "a", Open::kCreateExclusive, 0600);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ((*file)->info()->mode, 0600U);
  EXPECT_TRUE((*file)->set_mode(0400).ok());
  EXPECT_EQ(posix().stat(dir / "a")->mode, 0400U);
  const int newest = ::dup(0);
  ::close(newest);
  for (int fd = 3; fd < newest; ++fd) {
    struct stat s{};
    if (::fstat(fd, &s) != 0 || s.st_ino != (*file)->info()->inode) continue;
    EXPECT_NE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
  }
}

TEST(PosixFs, AFullDeviceFailsTheAppendWithAdvice) {
  const auto file = open_file("/dev/full", Open::kAppend);
  const Status full = file->append("x");
  ASSERT_FALSE(full.ok());
  EXPECT_EQ(full.error().system_errno, ENOSPC);
  EXPECT_THAT(full.error().text(), HasSubstr("No space left on device"));
  EXPECT_THAT(full.error().next, HasSubstr("free space"));
}

// A device cannot be cut back, so nobody knows what it holds: the file takes no more work.
TEST(PosixFs, AFileThatCouldNotBeCutBackIsPoisoned) {
  const auto file = open_file("/dev/full", Open::kAppend);
  EXPECT_THAT(file->append("x").error().unchanged, HasSubstr("failed"));
  EXPECT_THAT(file->append("").error().message, HasSubstr("earlier storage failure"));
  EXPECT_FALSE(file->sync_data().ok());
  EXPECT_FALSE(file->sync_all().ok());
  EXPECT_FALSE(file->truncate(0).ok());
  EXPECT_FALSE(file->lock(Lock::kExclusive, 0).ok());
}

TEST(PosixFs, AShortWriteIsTakenBack) {
  const TestDir dir;
  const auto file = open_file(dir / "a", Open::kAppendOrCreate);
  ASSERT_TRUE(file->append("kept\n").ok());
  const Status failed =
      within_file_limit(100, [&] { return file->append(std::string(1000, 'x')); });
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().system_errno, EFBIG);
  EXPECT_EQ(failed.error().unchanged, "the file has its old size");
  EXPECT_EQ(get(dir / "a"), "kept\n");
  EXPECT_TRUE(file->append("more\n").ok());
  EXPECT_EQ(get(dir / "a"), "kept\nmore\n");
}

TEST(PosixFs, OverwritingLeavesNothingOfWhatWasThere_AndNeverCutsFirst) {
  const TestDir dir;
  const std::string path = dir / "hint";
  for (const std::string& text : {std::string("first"), std::string(9000, 'x'), std::string("two"),
                                  std::string(), std::string("last")}) {
    ASSERT_TRUE(posix().overwrite(path, text).ok());
    EXPECT_EQ(get(path), text);
    EXPECT_EQ(posix().stat(path)->mode, 0600U);
  }
  ASSERT_TRUE(posix().overwrite(path, "kept").ok());
  const Status failed = within_file_limit(0, [&] { return posix().overwrite(path, "more"); });
  EXPECT_EQ(posix_errno(failed), EFBIG);
  EXPECT_EQ(get(path), "kept");
  EXPECT_EQ(posix_errno(posix().overwrite(dir / "no/hint", "x")), ENOENT);
}

// fsync of a pipe answers EINVAL: a real failure that needs no broken device.
TEST(PosixFs, AFailedSyncPoisonsTheFile) {
  const TestDir dir;
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  const auto file = open_file(dir / "pipe", Open::kAppend);
  EXPECT_EQ(posix_errno(file->sync_data()), EINVAL);
  EXPECT_EQ(posix_errno(file->sync_data()), EIO) << "the second sync must not be tried";
  EXPECT_EQ(posix_errno(file->append("x")), EIO);
  EXPECT_EQ(posix_errno(file->lock(Lock::kShared, 0)), EIO);
}

TEST(PosixFs, PipesAreReadInOrder) {
  const TestDir dir;
  ASSERT_EQ(::mkfifo((dir / "pipe").c_str(), 0600), 0);
  std::thread writer([&] {
    const int fd = ::open((dir / "pipe").c_str(), O_WRONLY | O_CLOEXEC);
    EXPECT_EQ(::write(fd, "session", 7), 7);
    ::close(fd);
  });
  EXPECT_EQ(get(dir / "pipe"), "session");
  writer.join();
}

TEST(PosixFs, SharedLocksGoTogetherAndFoldersCanBeLocked) {
  const TestDir dir;
  auto a = posix().open_directory(dir.path());
  auto b = posix().open_directory(dir.path());
  ASSERT_TRUE(a.ok() && b.ok());
  EXPECT_TRUE((*a)->lock(Lock::kShared, 0).ok());
  EXPECT_TRUE((*b)->lock(Lock::kShared, 0).ok());
  EXPECT_FALSE((*b)->lock(Lock::kExclusive, 0).ok());
  EXPECT_TRUE((*a)->sync_all().ok());
}

TEST(PosixFs, AWaitingWriterGetsTheLockWhenItIsReleased) {
  const TestDir dir;
  auto holder = open_file(dir / "a", Open::kAppendOrCreate);
  ASSERT_TRUE(holder->lock(Lock::kExclusive, 0).ok());
  const auto waiter = open_file(dir / "a", Open::kAppend);
  std::thread other([&] { EXPECT_TRUE(waiter->lock(Lock::kExclusive, 10'000).ok()); });
  holder.reset();
  other.join();
}

TEST(PosixFs, StatFollowsLinksAndLstatDoesNot) {
  const TestDir dir;
  put(dir / "file", "12345");
  ASSERT_EQ(::symlink("file", (dir / "link").c_str()), 0);
  ASSERT_EQ(::symlink("nowhere", (dir / "dangling").c_str()), 0);
  EXPECT_EQ(posix().stat(dir / "link")->kind, Kind::kFile);
  EXPECT_EQ(posix().stat(dir / "link")->size_bytes, 5U);
  EXPECT_EQ(posix().lstat(dir / "link")->kind, Kind::kSymlink);
  EXPECT_EQ(posix().stat(dir / "dangling")->kind, Kind::kMissing);
  EXPECT_EQ(posix().lstat(dir / "dangling")->kind, Kind::kSymlink);
  EXPECT_EQ(posix().stat(dir / "file/below")->kind, Kind::kMissing);
  EXPECT_EQ(posix().stat(dir.path())->kind, Kind::kDirectory);
  EXPECT_EQ(posix().stat("/dev/null")->kind, Kind::kOther);
  EXPECT_GT(posix().stat(dir / "file")->modified.seconds, 1'700'000'000);
}

TEST(PosixFs, RenameNeverReplacesAnything) {
  const TestDir dir;
  put(dir / "a", "a");
  put(dir / "b", "b");
  ASSERT_EQ(::symlink("nowhere", (dir / "link").c_str()), 0);
  ASSERT_EQ(::mkdir((dir / "empty").c_str(), 0700), 0);
  ASSERT_EQ(::mkdir((dir / "folder").c_str(), 0700), 0);
  for (const auto rename : {+[](const std::string& from, const std::string& to) {
                              return posix().rename_no_replace(from, to);
                            },
                            &rename_after_looking}) {
    EXPECT_EQ(posix_errno(rename(dir / "a", dir / "b")), EEXIST);
    EXPECT_EQ(posix_errno(rename(dir / "a", dir / "link")), EEXIST);
    EXPECT_EQ(posix_errno(rename(dir / "folder", dir / "empty")), EEXIST);
    EXPECT_EQ(posix_errno(rename(dir / "none", dir / "new")), ENOENT);
    EXPECT_TRUE(rename(dir / "a", dir / "c").ok());
    EXPECT_TRUE(rename(dir / "c", dir / "a").ok());
    EXPECT_TRUE(rename(dir / "folder", dir / "moved").ok());
    EXPECT_TRUE(rename(dir / "moved", dir / "folder").ok());
  }
  EXPECT_EQ(get(dir / "b"), "b");
}

TEST(PosixFs, LevelsAreRemovedAgainWhenADeeperOneFails) {
  const TestDir dir;
  const std::string too_long(300, 'n');
  const auto failed = posix().make_directories(dir / ("a/b/" + too_long), 0700);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().system_errno, ENAMETOOLONG);
  EXPECT_EQ(posix().stat(dir / "a")->kind, Kind::kMissing);
}

TEST(PosixFs, ListIsSortedAndWithoutDots) {
  const TestDir dir;
  for (const char* name : {"b", "a", ".hidden"}) put(dir / name, "");
  EXPECT_THAT(*posix().list(dir.path()), ElementsAre(".hidden", "a", "b"));
  EXPECT_EQ(posix_errno(posix().list(dir / "a")), ENOTDIR);
}

TEST(PosixFs, RemovalTellsFilesFromFolders) {
  const TestDir dir;
  ASSERT_TRUE(posix().make_directories(dir / "d/e", 0700).ok());
  EXPECT_FALSE(posix().remove_file(dir / "d").ok());
  EXPECT_EQ(posix_errno(posix().remove_directory(dir / "d")), ENOTEMPTY);
  EXPECT_TRUE(posix().remove_directory(dir / "d/e").ok());
  EXPECT_EQ(posix_errno(posix().remove_file(dir / "none")), ENOENT);
}

TEST(PosixFs, FoldersAreSyncedAndPathsResolved) {
  const TestDir dir;
  EXPECT_TRUE(posix().sync_directory(dir.path()).ok());
  EXPECT_FALSE(posix().sync_directory(dir / "none").ok());
  ASSERT_EQ(::symlink(".", (dir / "self").c_str()), 0);
  EXPECT_EQ(*posix().canonical(dir / "self/self"), *posix().canonical(dir.path()));
  EXPECT_EQ(posix_errno(posix().canonical(dir / "none")), ENOENT);
  EXPECT_TRUE(posix().working_directory()->starts_with('/'));
}

TEST(RemoveTree, NeverFollowsALinkOutOfTheTree) {
  const TestDir dir;
  put(dir / "precious", "x");
  ASSERT_TRUE(posix().make_directories(dir / "tree/sub", 0700).ok());
  put(dir / "tree/sub/file", "x");
  ASSERT_EQ(::symlink(dir.path().c_str(), (dir / "tree/sub/out").c_str()), 0);
  ASSERT_EQ(::symlink(dir.path().c_str(), (dir / "top").c_str()), 0);
  EXPECT_TRUE(remove_tree(posix(), dir / "tree").ok());
  EXPECT_TRUE(remove_tree(posix(), dir / "top").ok());
  EXPECT_TRUE(remove_tree(posix(), dir / "tree").ok()) << "missing is fine";
  EXPECT_THAT(*posix().list(dir.path()), ElementsAre("precious"));
}

TEST(ReadAll, RefusesMoreThanItsLimitAndTakesExactlyIt) {
  const TestDir dir;
  put(dir / "a", "12345");
  put(dir / "empty", "");
  EXPECT_EQ(*read_all(posix(), dir / "a", 5), "12345");
  EXPECT_EQ(*read_all(posix(), dir / "a", UINT64_MAX), "12345");
  EXPECT_EQ(*read_all(posix(), dir / "empty", 0), "");
  const auto refused = read_all(posix(), dir / "a", 4);
  EXPECT_EQ(posix_errno(refused), EFBIG);
  EXPECT_EQ(refused.error().code, Code::kPrecondition);
  EXPECT_EQ(posix_errno(read_all(posix(), dir.path(), 100)), EISDIR);
}

// A file without a size of its own must not slip past the limit.
TEST(ReadAll, TheLimitHoldsForEndlessDevicesAndSizelessFiles) {
  EXPECT_EQ(posix_errno(read_all(posix(), "/dev/zero", 3U << 20U)), EFBIG);
  EXPECT_THAT(*read_all(posix(), "/proc/self/status", 1U << 20U), HasSubstr("Name:"));
}

TEST(WriteNew, RefusesAnExistingFileAndLeavesItAlone) {
  const TestDir dir;
  put(dir / "a", "old");
  EXPECT_EQ(posix_errno(write_new(posix(), dir / "a", "new", 0600)), EEXIST);
  EXPECT_EQ(get(dir / "a"), "old");
}

}  // namespace
}  // namespace cortex::fs
