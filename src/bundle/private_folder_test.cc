#include "bundle/private_folder.h"

#include "base/fs/forward_fs.h"
#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

// Looks, whenever a folder is made, whether somebody else could lock the one that it is made in.
class LookingFs final : public fs::ForwardFs {
 public:
  Status make_directory(const std::string& path, unsigned mode) override {
    CORTEX_ASSIGN(const auto parent, fs::posix().open_directory(fs::parent_of(path)));
    was_locked = !parent->lock(fs::Lock::kExclusive, 0).ok();
    return fs::posix().make_directory(path, mode);
  }
  bool was_locked = false;
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

TEST_F(PrivateFolderTest, BetweenMakingAndLockingNobodyElseTakesItForDead) {
  LookingFs looking;
  const auto folder = create(looking);
  ASSERT_TRUE(folder.ok()) << folder.error().text();
  EXPECT_TRUE(looking.was_locked);
  const auto parent = fs_.open_directory(folder_.path());
  EXPECT_TRUE((*parent)->lock(fs::Lock::kExclusive, 0).ok());
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
