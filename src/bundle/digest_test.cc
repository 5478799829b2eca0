#include "bundle/digest.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "base/limits.h"
#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

class DigestTest : public DeploymentTest {
 protected:
  std::string path_ = folder_ / "file";
};

TEST_F(DigestTest, EmptyFile_HasTheDigestOfNothing) {
  put(path_, "");
  const auto digest = digest_file(fs_, path_, Source::kAnywhere);
  ASSERT_TRUE(digest.ok());
  EXPECT_EQ(digest->size_bytes, 0U);
  EXPECT_EQ(digest->blake3,
            "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262");
}

TEST_F(DigestTest, FileAroundBlockBorders_IsDigestedWholeAndOnce) {
  for (const std::size_t size :
       {limits::kIoBlockBytes - 1, limits::kIoBlockBytes, 2 * limits::kIoBlockBytes + 1}) {
    std::string bytes(size, 'a');
    bytes.back() = 'b';
    put(path_, bytes);
    Progress progress;
    const auto digest = digest_file(fs_, path_, Source::kAnywhere, &progress);
    ASSERT_TRUE(digest.ok());
    EXPECT_EQ(digest->size_bytes, size);
    EXPECT_EQ(digest->blake3, cat("blake3:", crypto::blake3_hex(bytes)));
    EXPECT_EQ(progress.bytes_done(), size);
    EXPECT_EQ(digest_file(fs_, path_, Source::kDevice).value(), *digest);
  }
}

TEST_F(DigestTest, LongFile_OnTwoThreads_HasTheSameDigestAndItsBlocksInOrder) {
  std::string bytes((21U << 20U) + 7, 'a');
  for (std::size_t i = 0; i < bytes.size(); i += 1000) bytes[i] = static_cast<char>(i / 1000);
  put(path_, bytes);
  std::vector<crypto::ChainingValue> values;
  const auto digest = digest_blocks(fs_, path_, Source::kAnywhere,
                                    [&](const auto& value) { values.push_back(value); });
  ASSERT_TRUE(digest.ok());
  EXPECT_EQ(digest->blake3, cat("blake3:", crypto::blake3_hex(bytes)));
  ASSERT_EQ(values.size(), 21U);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string_view block(bytes.data() + i * crypto::kTreeBlockBytes,
                                 crypto::kTreeBlockBytes);
    EXPECT_EQ(values[i], crypto::block_value(block, i));
  }
}

TEST_F(DigestTest, MissingFile_IsAnErrorOfTheSystem) {
  const auto digest = digest_file(fs_, path_, Source::kAnywhere);
  ASSERT_FALSE(digest.ok());
  EXPECT_EQ(digest.error().system_errno, ENOENT);
}

}  // namespace
}  // namespace cortex::bundle
