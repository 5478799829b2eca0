#include "bundle/restore_checks.h"

#include "bundle/deployment_fixture.h"
#include "ledger/anchor/anchor.h"

namespace cortex::bundle {
namespace {

class RestoreChecksTest : public DeploymentTest {
 protected:
  std::string anchor_file(std::uint64_t count, const std::string& head) {
    const std::string path = folder_ / cat("anchor-", count);
    put(path, ledger::anchor_text({clock_.now(), count, head}));
    return path;
  }
  std::string head() {
    const auto file = fs_.open(log_, fs::Open::kRead).value();
    return *ledger::read_tail(*file)->head;
  }
};

TEST_F(RestoreChecksTest, AnAnchorHoldsOrContradicts) {
  fill(3);
  const std::string good = anchor_file(3, head());
  EXPECT_EQ(check_anchors(fs_, log_, {.anchor = good, .history = good})->history_anchors, 1U);
  const std::string other = anchor_file(2, head());
  const auto contradicted = check_anchors(fs_, log_, {.anchor = other, .history = {}});
  EXPECT_EQ(code_of(contradicted), Code::kIntegrity);
  EXPECT_NE(contradicted.error().message.find("post-restore anchor verification failed"),
            std::string::npos);
  EXPECT_EQ(code_of(check_anchors(fs_, log_, {.anchor = anchor_file(9, head()), .history = {}})),
            Code::kIntegrity);
  EXPECT_EQ(code_of(check_anchors(fs_, log_, {.anchor = folder_ / "none", .history = {}})),
            Code::kPrecondition);
  EXPECT_FALSE(check_anchors(fs_, log_, {})->any());
}

TEST_F(RestoreChecksTest, SizeAndDigestOfAStagedFileAreThoseOfTheManifest) {
  put(folder_ / "f", "abc");
  const FileDigest digest = digest_file(fs_, folder_ / "f", Source::kAnywhere).value();
  EXPECT_TRUE(check_file(fs_, folder_ / "f", "x", {"f", 3, digest.blake3}).ok());
  EXPECT_EQ(check_file(fs_, folder_ / "f", "x", {"f", 4, digest.blake3}).error().code,
            Code::kQuarantined);
  EXPECT_EQ(check_file(fs_, folder_ / "f", "x", {"f", 3, "blake3:0"}).error().code,
            Code::kQuarantined);
  EXPECT_EQ(check_file(fs_, folder_ / "g", "x", {"g", 3, ""}).error().code, Code::kPrecondition);
  EXPECT_EQ(check_file(fs_, live_, "x", {"g", 3, ""}).error().code, Code::kPrecondition);
}

}  // namespace
}  // namespace cortex::bundle
