#include "bundle/restore_lock.h"

#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

class RestoreLockTest : public DeploymentTest {
 protected:
  std::string marker_ = fs::join(live_, kLockMarkerName);
};

TEST_F(RestoreLockTest, TheProbeMakesAndRemovesAMarker) {
  const LockProbe probe = probe_lock(fs_, marker_, true, 7);
  EXPECT_EQ(probe.status, "temp_lock_acquire_release_verified");
  EXPECT_TRUE(probe.verified && probe.attempted && probe.absent());
  EXPECT_EQ(kind_of(marker_), fs::Kind::kMissing);
}

TEST_F(RestoreLockTest, AnExistingMarkerIsLeftUntouched) {
  put(marker_, "held");
  const LockProbe probe = probe_lock(fs_, marker_, true, 7);
  EXPECT_EQ(probe.status, "blocked_existing_lock_marker");
  EXPECT_FALSE(probe.attempted);
  EXPECT_EQ(get(marker_), "held");
}

TEST_F(RestoreLockTest, OutsideTheTemporaryFolderNothingIsWritten) {
  EXPECT_EQ(probe_lock(fs_, marker_, false, 7).status, "temp_lock_probe_not_executed");
  EXPECT_EQ(probe_lock(fs_, live_ + "/none/marker", true, 7).status, "lock_marker_parent_missing");
  EXPECT_EQ(probe_lock(fs_, "bare", true, 7).status, "lock_marker_parent_missing");
}

}  // namespace
}  // namespace cortex::bundle
