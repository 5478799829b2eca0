// What every implementation of the file seam promises, run over each of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/fs/crash_fs.h"
#include "base/fs/fs.h"
#include "base/fs/test_dir.h"

namespace cortex::fs {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <class T>
int errno_of(const Result<T>& result) {
  return result.ok() ? 0 : result.error().system_errno;
}

// An empty folder of the file system under test.
class Contract : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (std::string_view(GetParam()) == "posix") {
      dir_.emplace();
      root_ = dir_->path();
      fs_ = &posix();
      return;
    }
    fs_ = &crash_fs_;
    root_ = "/root";
    ASSERT_TRUE(fs_->make_directory(root_, 0700).ok());
  }

  std::string at(std::string_view name) const { return join(root_, name); }
  std::unique_ptr<File> open(std::string_view name, Open how) {
    auto file = fs_->open(at(name), how, 0600);
    EXPECT_TRUE(file.ok()) << file.error().text();
    return std::move(file).value();
  }
  void put(std::string_view name, std::string_view bytes) {
    const Status written = write_new(*fs_, at(name), bytes, 0600);
    ASSERT_TRUE(written.ok()) << written.error().text();
  }
  std::string get(std::string_view name) {
    auto bytes = read_all(*fs_, at(name), 1U << 20U);
    return bytes.ok() ? *bytes : bytes.error().text();
  }
  int open_errno(std::string_view name, Open how) {
    return errno_of(fs_->open(at(name), how, 0600));
  }

  std::optional<TestDir> dir_;
  CrashFs crash_fs_;
  FileSystem* fs_ = nullptr;
  std::string root_;
};

INSTANTIATE_TEST_SUITE_P(Fs, Contract, testing::Values("posix", "crash"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST_P(Contract, AppendedBytesAreReadBackAtAnyOffset) {
  const auto file = open("a", Open::kAppendOrCreate);
  EXPECT_TRUE(file->append("hello ").ok());
  EXPECT_TRUE(file->append("world").ok());
  EXPECT_TRUE(file->append("").ok());
  EXPECT_TRUE(file->sync_data().ok());
  char buffer[32];
  EXPECT_EQ(*file->read_at(6, buffer), 5U);
  EXPECT_EQ(std::string_view(buffer, 5), "world");
  EXPECT_EQ(*file->read_at(11, buffer), 0U);
  EXPECT_EQ(*file->read_at(1000, buffer), 0U);
  EXPECT_TRUE(file->truncate(4).ok());
  EXPECT_TRUE(file->append("!").ok());
  EXPECT_TRUE(file->truncate(7).ok());
  file->drop_cache();
  EXPECT_EQ(file->info()->size_bytes, 7U);
  EXPECT_EQ(file->path(), at("a"));
  EXPECT_TRUE(file->close().ok());
  EXPECT_EQ(get("a"), std::string("hell!\0\0", 7));
}

TEST_P(Contract, ErrorsNameThePathTheReasonAndTheErrno) {
  const auto missing = fs_->open(at("no"), Open::kRead, 0);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().message, "cannot open \"" + at("no") + "\": No such file or directory");
  EXPECT_EQ(missing.error().code, Code::kInternal);
  EXPECT_EQ(missing.error().system_errno, ENOENT);
  EXPECT_EQ(fs_->rename_no_replace(at("no"), at("b")).error().message,
            "cannot rename \"" + at("no") + "\" to \"" + at("b") + "\": No such file or directory");
  EXPECT_EQ(fs_->make_directory(root_, 0700).error().message,
            "cannot create folder \"" + root_ + "\": File exists");
  EXPECT_EQ(fs_->remove_directory(at("no")).error().message,
            "cannot remove folder \"" + at("no") + "\": No such file or directory");
}

TEST_P(Contract, EmptyPathsAndNulBytesAreRefusedEverywhere) {
  for (const std::string& bad : {std::string(), std::string("/root\0x", 7)}) {
    for (const Open how :
         {Open::kRead, Open::kAppend, Open::kAppendOrCreate, Open::kCreateExclusive}) {
      EXPECT_EQ(errno_of(fs_->open(bad, how, 0600)), EINVAL);
    }
    EXPECT_EQ(errno_of(fs_->open_directory(bad)), EINVAL);
    EXPECT_EQ(errno_of(fs_->stat(bad)), EINVAL);
    EXPECT_EQ(errno_of(fs_->lstat(bad)), EINVAL);
    EXPECT_EQ(errno_of(fs_->make_directory(bad, 0700)), EINVAL);
    EXPECT_EQ(errno_of(fs_->make_directories(bad, 0700)), EINVAL);
    EXPECT_EQ(errno_of(fs_->list(bad)), EINVAL);
    EXPECT_EQ(errno_of(fs_->remove_file(bad)), EINVAL);
    EXPECT_EQ(errno_of(fs_->remove_directory(bad)), EINVAL);
    EXPECT_EQ(errno_of(fs_->rename_no_replace(root_, bad)), EINVAL);
    EXPECT_EQ(errno_of(fs_->rename_no_replace(bad, root_)), EINVAL);
    EXPECT_EQ(errno_of(fs_->sync_directory(bad)), EINVAL);
    EXPECT_EQ(errno_of(fs_->canonical(bad)), EINVAL);
  }
}

struct OpenCase {
  const char* name;
  int read, append, append_or_create, create;
};
constexpr OpenCase kOpenCases[] = {
    {"file", 0, 0, 0, EEXIST},
    {"folder", 0, EISDIR, EISDIR, EEXIST},
    {"none/x", ENOENT, ENOENT, ENOENT, ENOENT},
    {"file/x", ENOTDIR, ENOTDIR, ENOTDIR, ENOTDIR},
    {"file/", ENOTDIR, ENOTDIR, ENOTDIR, ENOTDIR},
    {"folder/../file", 0, 0, 0, EEXIST},
    {"./folder//./x", ENOENT, ENOENT, 0, EEXIST},
};

TEST_P(Contract, EveryWayToOpenRefusesWhatItMust) {
  put("file", "x");
  ASSERT_TRUE(fs_->make_directory(at("folder"), 0700).ok());
  for (const OpenCase& row : kOpenCases) {
    EXPECT_EQ(open_errno(row.name, Open::kRead), row.read) << row.name;
    EXPECT_EQ(open_errno(row.name, Open::kAppend), row.append) << row.name;
    EXPECT_EQ(open_errno(row.name, Open::kAppendOrCreate), row.append_or_create) << row.name;
    if (std::string_view(row.name) == "file/") continue;  // Linux answers EISDIR or ENOTDIR
    EXPECT_EQ(open_errno(row.name, Open::kCreateExclusive), row.create) << row.name;
  }
  EXPECT_EQ(errno_of(fs_->open_directory(at("file"))), ENOTDIR);
  EXPECT_EQ(errno_of(fs_->open_directory(at("none"))), ENOENT);
  EXPECT_EQ(open_errno(std::string(300, 'n'), Open::kCreateExclusive), ENAMETOOLONG);
}

TEST_P(Contract, FilesHaveTheirModeAndKeepTheirIdentity) {
  auto file = fs_->open(at("a"), Open::kCreateExclusive, 0600);
  ASSERT_TRUE(file.ok());
  const Info info = (*file)->info().value();
  EXPECT_EQ(info.mode, 0600U);
  EXPECT_EQ(info.kind, Kind::kFile);
  EXPECT_GT(info.modified.seconds, 1'600'000'000);
  EXPECT_TRUE((*file)->set_mode(0400).ok());
  ASSERT_TRUE(fs_->rename_no_replace(at("a"), at("b")).ok());
  EXPECT_EQ(fs_->stat(at("b"))->mode, 0400U);
  EXPECT_EQ(fs_->stat(at("b"))->inode, info.inode);
  EXPECT_EQ(fs_->stat(at("b"))->device, info.device);
}

TEST_P(Contract, MissingPathsAreNoErrorToStat) {
  put("file", "12345");
  EXPECT_EQ(fs_->stat(at("file"))->size_bytes, 5U);
  EXPECT_EQ(fs_->lstat(at("file"))->kind, Kind::kFile);
  EXPECT_EQ(fs_->stat(root_)->kind, Kind::kDirectory);
  for (const char* name : {"none", "none/x", "file/below"}) {
    EXPECT_EQ(fs_->stat(at(name))->kind, Kind::kMissing) << name;
    EXPECT_EQ(fs_->lstat(at(name))->kind, Kind::kMissing) << name;
  }
  EXPECT_EQ(errno_of(fs_->stat(at(std::string(300, 'n')))), ENAMETOOLONG);
}

// A file that cannot even be cut back takes no more work.
TEST_P(Contract, WritingToAFileOpenForReadingIsRefused) {
  put("a", "old");
  const auto file = open("a", Open::kRead);
  EXPECT_EQ(errno_of(file->truncate(0)), EINVAL);
  EXPECT_TRUE(file->sync_data().ok());
  const Status refused = file->append("x");
  EXPECT_EQ(errno_of(refused), EBADF);
  EXPECT_EQ(errno_of(file->sync_data()), EIO);
  EXPECT_THAT(file->append("x").error().message, HasSubstr("earlier storage failure"));
  EXPECT_EQ(get("a"), "old");
}

TEST_P(Contract, AFolderHandleLocksAndSyncsAndDoesNothingElse) {
  auto folder = fs_->open_directory(root_);
  ASSERT_TRUE(folder.ok());
  char buffer[4];
  EXPECT_EQ(errno_of((*folder)->read_at(0, buffer)), EISDIR);
  EXPECT_EQ(errno_of((*folder)->truncate(0)), EINVAL);
  EXPECT_EQ((*folder)->info()->kind, Kind::kDirectory);
  EXPECT_TRUE((*folder)->lock(Lock::kExclusive, 0).ok());
  EXPECT_TRUE((*folder)->unlock().ok());
  EXPECT_TRUE((*folder)->sync_all().ok());
  EXPECT_TRUE((*folder)->close().ok());
}

TEST_P(Contract, AClosedFileRefusesEverything) {
  const auto file = open("a", Open::kAppendOrCreate);
  ASSERT_TRUE(file->close().ok());
  char buffer[4];
  EXPECT_EQ(errno_of(file->read_at(0, buffer)), EBADF);
  EXPECT_EQ(errno_of(file->append("x")), EBADF);
  EXPECT_EQ(errno_of(file->truncate(0)), EBADF);
  EXPECT_EQ(errno_of(file->info()), EBADF);
  EXPECT_EQ(errno_of(file->set_mode(0600)), EBADF);
  EXPECT_EQ(errno_of(file->lock(Lock::kShared, 0)), EBADF);
  EXPECT_EQ(errno_of(file->unlock()), EBADF);
  EXPECT_EQ(errno_of(file->close()), EBADF);
}

TEST_P(Contract, ALockExcludesOtherOpenFilesUntilReleased) {
  const auto a = open("a", Open::kAppendOrCreate);
  auto b = open("a", Open::kAppend);
  ASSERT_TRUE(a->lock(Lock::kExclusive, 0).ok());
  const Status refused = b->lock(Lock::kExclusive, 0);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kPrecondition);
  EXPECT_EQ(refused.error().system_errno, EWOULDBLOCK);
  EXPECT_FALSE(refused.error().next.empty());
  EXPECT_EQ(b->lock(Lock::kShared, 5).error().code, Code::kPrecondition);
  ASSERT_TRUE(a->unlock().ok());
  EXPECT_TRUE(b->lock(Lock::kExclusive, 0).ok());
  EXPECT_FALSE(a->lock(Lock::kExclusive, 0).ok());
  b.reset();
  EXPECT_TRUE(a->lock(Lock::kExclusive, 0).ok());
}

TEST_P(Contract, SharedLocksGoTogetherAndKeepAnExclusiveOneOut) {
  const auto a = open("a", Open::kAppendOrCreate);
  const auto b = open("a", Open::kRead);
  const auto c = open("a", Open::kRead);
  EXPECT_TRUE(a->lock(Lock::kShared, 0).ok());
  EXPECT_TRUE(b->lock(Lock::kShared, 0).ok());
  EXPECT_FALSE(c->lock(Lock::kExclusive, 0).ok());
  EXPECT_TRUE(b->close().ok());
  EXPECT_TRUE(a->lock(Lock::kExclusive, 0).ok()) << "its own shared lock does not stand in the way";
  EXPECT_FALSE(c->lock(Lock::kShared, 0).ok());
}

TEST_P(Contract, RenameNeverReplacesAnything) {
  put("a", "a");
  put("b", "b");
  ASSERT_TRUE(fs_->make_directories(at("folder/below"), 0700).ok());
  ASSERT_TRUE(fs_->make_directory(at("empty"), 0700).ok());
  const auto rename = [&](const char* from, const char* to) {
    return errno_of(fs_->rename_no_replace(at(from), at(to)));
  };
  EXPECT_EQ(rename("a", "b"), EEXIST);
  EXPECT_EQ(rename("a", "a"), EEXIST);
  EXPECT_EQ(rename("a", "empty"), EEXIST);
  EXPECT_EQ(rename("folder", "empty"), EEXIST);
  EXPECT_EQ(rename("none", "new"), ENOENT);
  EXPECT_EQ(rename("none", "b"), ENOENT);
  EXPECT_EQ(rename("a", "none/a"), ENOENT);
  EXPECT_EQ(rename("a", "b/a"), ENOTDIR);
  EXPECT_EQ(rename("folder", "folder/below/x"), EINVAL);
  EXPECT_EQ(rename("a", "folder/a"), 0);
  EXPECT_EQ(rename("folder", "moved"), 0);
  EXPECT_EQ(get("moved/a"), "a");
  EXPECT_EQ(get("b"), "b");
  EXPECT_THAT(*fs_->list(root_), ElementsAre("b", "empty", "moved"));
}

TEST_P(Contract, MissingLevelsAreCreatedAndReported) {
  const auto created = fs_->make_directories(at("a/b/c"), 0700);
  ASSERT_TRUE(created.ok()) << created.error().text();
  EXPECT_THAT(*created, ElementsAre(at("a"), at("a/b"), at("a/b/c")));
  EXPECT_EQ(fs_->stat(at("a/b"))->mode, 0700U);
  EXPECT_THAT(*fs_->make_directories(at("a/b/c/"), 0700), IsEmpty());
  EXPECT_EQ(errno_of(fs_->make_directory(at("a"), 0700)), EEXIST);
  EXPECT_EQ(errno_of(fs_->make_directory(at("x/y"), 0700)), ENOENT);
  put("file", "");
  EXPECT_EQ(errno_of(fs_->make_directories(at("file"), 0700)), ENOTDIR);
  EXPECT_EQ(errno_of(fs_->make_directories(at("file/x/y"), 0700)), ENOTDIR);
}

TEST_P(Contract, RemovalTellsFilesFromFoldersAndSparesFullOnes) {
  ASSERT_TRUE(fs_->make_directories(at("d/e"), 0700).ok());
  put("file", "x");
  EXPECT_EQ(errno_of(fs_->remove_file(at("d"))), EISDIR);
  EXPECT_EQ(errno_of(fs_->remove_directory(at("file"))), ENOTDIR);
  EXPECT_EQ(errno_of(fs_->remove_directory(at("d"))), ENOTEMPTY);
  EXPECT_EQ(errno_of(fs_->remove_file(at("none"))), ENOENT);
  EXPECT_EQ(errno_of(fs_->list(at("file"))), ENOTDIR);
  EXPECT_EQ(errno_of(fs_->list(at("none"))), ENOENT);
  EXPECT_TRUE(fs_->remove_directory(at("d/e")).ok());
  EXPECT_TRUE(remove_tree(*fs_, root_ + "/d").ok());
  EXPECT_THAT(*fs_->list(root_), ElementsAre("file"));
}

TEST_P(Contract, ARemovedFileStaysReadableWhereItIsOpen) {
  put("a", "still here");
  const auto file = open("a", Open::kAppend);
  ASSERT_TRUE(fs_->remove_file(at("a")).ok());
  put("a", "another");
  char buffer[32];
  EXPECT_EQ(*file->read_at(0, buffer), 10U);
  EXPECT_TRUE(file->append("!").ok());
  EXPECT_EQ(file->info()->size_bytes, 11U);
  EXPECT_EQ(get("a"), "another");
}

TEST_P(Contract, ListsAreSortedAndPathsResolved) {
  for (const char* name : {"b", "a", ".hidden"}) put(name, "");
  EXPECT_THAT(*fs_->list(root_), ElementsAre(".hidden", "a", "b"));
  EXPECT_TRUE(fs_->sync_directory(root_).ok());
  EXPECT_EQ(errno_of(fs_->sync_directory(at("none"))), ENOENT);
  EXPECT_EQ(errno_of(fs_->sync_directory(at("a"))), ENOTDIR);
  ASSERT_TRUE(fs_->make_directory(at("d"), 0700).ok());
  EXPECT_EQ(*fs_->canonical(root_ + "//./d/../b"), *fs_->canonical(at("b")));
  EXPECT_EQ(errno_of(fs_->canonical(root_ + "/a/../b")), ENOTDIR);
  EXPECT_EQ(errno_of(fs_->canonical(at("none"))), ENOENT);
  EXPECT_EQ(*fs_->canonical("/.."), "/");
  EXPECT_TRUE(fs_->working_directory()->starts_with('/'));
}

}  // namespace
}  // namespace cortex::fs
