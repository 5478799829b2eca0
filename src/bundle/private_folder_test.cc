#include "bundle/private_folder.h"

#include "base/fs/forward_fs.h"
#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

// Somebody who removes dead folders comes between the making of the first one and its locking.
class CleanedFs final : public fs::ForwardFs {
 public:
  Status make_directory(const std::string& path, unsigned mode) override {
    CORTEX_TRY(fs::posix().make_directory(path, mode));
    made.push_back(path);
    if (made.size() > removals) return {};
    EXPECT_EQ(remove_dead_folders(fs::posix(), fs::parent_of(path), ".work-"),
              std::vector<std::string>{path});
    return {};
  }
  std::size_t removals = 1;
  std::vector<std::string> made;
};

class PrivateFolderTest : public DeploymentTest {
 protected:
  Result<PrivateFolder> create(fs::FileSystem& fs) {
    return PrivateFolder::create(fs, folder_.path(), ".work-", clock_, random_);
  }
};

TEST_F(PrivateFolderTest, ADeadOneIsRemovedByTheNext_OneInUseIsNot) {
  const std::string dead = folder_ / ".work-01KG0000000000000000000001";
  ASSERT_TRUE(fs_.make_directory(dead, 0700).ok());
  put(fs::join(dead, "half"), "x");
  const auto first = create(fs_);
  ASSERT_TRUE(first.ok()) << first.error().text();
  EXPECT_EQ(first->removed_dead(), std::vector<std::string>{dead});
  EXPECT_EQ(fs_.stat(first->path())->mode, 0700U);
  {
    const auto second = create(fs_);
    ASSERT_TRUE(second.ok()) << second.error().text();
    EXPECT_EQ(second->removed_dead(), std::vector<std::string>());
    EXPECT_EQ(names_in(folder_.path()).size(), 3U);
  }
  EXPECT_EQ(names_in(folder_.path()),
            (std::vector<std::string>{fs::name_of(first->path()), "live"}));
}

TEST_F(PrivateFolderTest, WhoIsTakenForDeadBetweenMakingAndLocking_MakesAnother) {
  CleanedFs cleaned;
  const auto folder = create(cleaned);
  ASSERT_TRUE(folder.ok()) << folder.error().text();
  ASSERT_EQ(cleaned.made.size(), 2U);
  EXPECT_EQ(folder->path(), cleaned.made[1]);
  EXPECT_EQ(kind_of(folder->path()), fs::Kind::kDirectory);
  EXPECT_EQ(remove_dead_folders(fs_, folder_.path(), ".work-"), std::vector<std::string>());
  cleaned.removals = 1000;
  EXPECT_FALSE(create(cleaned).ok());
  EXPECT_LT(cleaned.made.size(), 20U);
}

TEST_F(PrivateFolderTest, TheParentIsNotLocked_WhoeverHoldsIt) {
  const auto parent = fs_.open_directory(folder_.path());
  ASSERT_TRUE((*parent)->lock(fs::Lock::kExclusive, 0).ok());
  EXPECT_TRUE(create(fs_).ok());
}

TEST_F(PrivateFolderTest, AReleasedOneStays) {
  std::string path;
  {
    auto folder = create(fs_);
    ASSERT_TRUE(folder.ok()) << folder.error().text();
    path = folder->path();
    folder->release();
  }
  EXPECT_EQ(kind_of(path), fs::Kind::kDirectory);
}

}  // namespace
}  // namespace cortex::bundle
