#include "bundle/copy.h"

#include <cerrno>

#include "base/fs/crash_fs.h"
#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

using CopyTest = DeploymentTest;

TEST_F(CopyTest, TheCopyHasTheBytesAndTheReturnedDigest) {
  const std::string from = folder_ / "from";
  const std::string to = folder_ / "to";
  put(from, std::string((2U << 20U) + 17, 'x'));
  const auto copied = copy_file(fs_, from, to, 0640);
  ASSERT_TRUE(copied.ok()) << copied.error().text();
  EXPECT_EQ(get(to), get(from));
  EXPECT_EQ(*copied, *digest_file(fs_, from, Source::kAnywhere));
  EXPECT_EQ(fs_.stat(to)->mode, 0640U);
}

TEST_F(CopyTest, NothingIsOverwritten) {
  const std::string from = folder_ / "from";
  const std::string to = folder_ / "to";
  put(from, "new");
  put(to, "old");
  ASSERT_FALSE(copy_file(fs_, from, to, 0600).ok());
  EXPECT_EQ(get(to), "old");
}

TEST(CopyFaults, AFailedCopyLeavesNoFileBehind) {
  for (std::size_t step = 1; step <= 3; ++step) {
    fs::CrashFs fs;
    ASSERT_TRUE(fs::write_new(fs, "/from", "bytes", 0600).ok());
    fs.fail_at(fs.operation_count() + step, ENOSPC);
    EXPECT_FALSE(copy_file(fs, "/from", "/to", 0600).ok()) << step;
    EXPECT_EQ(fs.lstat("/to")->kind, fs::Kind::kMissing) << step;
  }
}

}  // namespace
}  // namespace cortex::bundle
