#include "mcp/bearer.h"

#include <gtest/gtest.h>

#include "base/fs/test_dir.h"

namespace cortex::mcp {
namespace {

class BearerToken : public testing::Test {
 protected:
  Result<std::string> token() { return bearer_token(fs::posix(), system_random(), path_); }
  void put(std::string_view text, unsigned mode) {
    ASSERT_TRUE(fs::write_new(fs::posix(), path_, text, mode).ok());
  }

  fs::TestDir folder_;
  std::string path_ = folder_ / "token";
};

TEST_F(BearerToken, IsMadeOnce_AndPrivate) {
  const auto first = token();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->size(), 64U);
  EXPECT_EQ(fs::posix().stat(path_)->mode, 0600U);
  EXPECT_EQ(*token(), *first);
}

TEST_F(BearerToken, AFileThatOthersMayReadIsRefused) {
  put(std::string(64, 'a'), 0644);
  ASSERT_FALSE(token().ok());
  EXPECT_EQ(token().error().code, Code::kPrecondition);
}

TEST_F(BearerToken, AFileWithoutATokenIsRefused) {
  put("short\n", 0600);
  EXPECT_FALSE(token().ok());
}

TEST_F(BearerToken, AFolderThatIsNotThere) {
  path_ = folder_ / "no";
  path_ += "/token";
  EXPECT_EQ(token().error().code, Code::kPrecondition);
}

}  // namespace
}  // namespace cortex::mcp
