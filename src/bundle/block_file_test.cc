#include "bundle/block_file.h"

#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

// A bundle whose ledger has a few blocks. Its content is of no interest here.
class BlockFileTest : public DeploymentTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(fs_.make_directory(out_, 0700).ok());
    std::string ledger((3U << 20U) + 100, 'a');
    for (std::size_t i = 0; i < ledger.size(); i += 4096) ledger[i] = static_cast<char>(i >> 12U);
    put(fs::join(out_, kLedgerName), ledger);
    put(fs::join(out_, kStoreName), "small");
    manifest_.store = artifact(kStoreName);
    manifest_.ledger = artifact(kLedgerName);
    const auto members = read_blocks_of(fs_, out_, manifest_, nullptr);
    ASSERT_TRUE(members.ok());
    ASSERT_TRUE(write_block_file(fs_, out_ + "/", *members).ok());
  }
  Artifact artifact(std::string_view name) {
    const auto digest = digest_file(fs_, fs::join(out_, name), Source::kAnywhere);
    return {std::string(name), digest->size_bytes, digest->blake3};
  }
  Result<PartialCheck> check(std::uint64_t only) {
    const auto members = read_block_file(fs_, out_, manifest_);
    CORTEX_CHECK(members.has_value());
    return check_blocks(
        fs_, out_, *members, [only](std::uint64_t i, std::uint64_t) { return i == only; }, nullptr);
  }

  ManifestFacts manifest_;
};

TEST_F(BlockFileTest, OnlyTheChosenBlocksAndTheTailsAreRead) {
  const auto checked = check(1);
  ASSERT_TRUE(checked.ok()) << checked.error().text();
  EXPECT_EQ(checked->bytes_checked, (1U << 20U) + 100 + 5);
  EXPECT_EQ(checked->bytes_total, (3U << 20U) + 100 + 5);
}

TEST_F(BlockFileTest, AChangedByteIsFoundWhereItIsLookedFor) {
  const std::string path = fs::join(out_, kLedgerName);
  std::string ledger = get(path);
  ledger[(1U << 20U) + 17] ^= 1;
  put(path, ledger);
  EXPECT_TRUE(check(0).ok());
  EXPECT_EQ(code_of(check(1)), Code::kQuarantined);
  ledger[(1U << 20U) + 17] ^= 1;
  ledger.back() ^= 1;
  put(path, ledger);
  EXPECT_EQ(code_of(check(0)), Code::kQuarantined);
}

TEST_F(BlockFileTest, ValuesThatDoNotGiveTheDigestAreFound_OthersAreNotUsed) {
  const std::string path = block_file_path(fs_, out_);
  std::string text = get(path);
  const std::size_t at = text.rfind("\"values\":\"") + 12;
  text[at] = text[at] == '0' ? '1' : '0';
  put(path, text);
  EXPECT_EQ(code_of(check(7)), Code::kQuarantined);
  put(path, "{}");
  EXPECT_FALSE(read_block_file(fs_, out_, manifest_).has_value());
  manifest_.ledger.blake3 = "blake3:00";
  EXPECT_FALSE(read_block_file(fs_, out_, manifest_).has_value());
}

}  // namespace
}  // namespace cortex::bundle
