#include "crypto/key_file.h"

#include <gtest/gtest.h>

#include "base/fs/forward_fs.h"
#include "base/fs/test_dir.h"
#include "base/text.h"

namespace cortex::crypto {
namespace {

class KeyFile : public ::testing::Test {
 protected:
  std::string with_bytes(std::string_view name, std::string_view bytes) {
    const std::string path = dir_ / name;
    EXPECT_TRUE(fs::write_new(fs_, path, bytes, 0600).ok());
    return path;
  }

  fs::FileSystem& fs_ = fs::posix();
  fs::TestDir dir_;
};

TEST_F(KeyFile, SeedGoesThroughAFileOfItsOwnersAlone) {
  Seed seed;
  seed.fill(0x07);
  const std::string path = dir_ / "seed.key";
  ASSERT_TRUE(write_seed(fs_, path, seed).ok());
  EXPECT_EQ(fs_.stat(path)->mode, 0600U);
  EXPECT_FALSE(is_readable_by_others(fs_, path).value());
  EXPECT_EQ(read_signing_key(fs_, path)->key_id(),
            "ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c");
}

TEST_F(KeyFile, PublicKeyGoesThroughAFile) {
  Seed seed;
  seed.fill(0x08);
  const SigningKey key(seed);
  const std::string path = dir_ / "public.key";
  ASSERT_TRUE(write_public_key(fs_, path, key.public_key()).ok());
  EXPECT_EQ(read_public_key(fs_, path).value(), key.public_key());
  EXPECT_TRUE(is_readable_by_others(fs_, path).value());
}

TEST_F(KeyFile, NothingIsReplaced) {
  const std::string path = with_bytes("taken", "abc");
  const Status refused = write_seed(fs_, path, Seed{});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kPrecondition);
  EXPECT_NE(refused.error().message.find("exists already"), std::string::npos);
  EXPECT_EQ(fs::read_all(fs_, path, 10).value(), "abc");
}

class NoFolderSyncFs final : public fs::ForwardFs {
 public:
  Status sync_directory(const std::string&) override {
    return make_error(Code::kInternal, "the device is gone");
  }
};

TEST_F(KeyFile, FileThatMayNotLast_IsNotLeft) {
  NoFolderSyncFs failing;
  EXPECT_FALSE(write_seed(failing, dir_ / "seed", Seed{}).ok());
  EXPECT_FALSE(write_public_key(failing, dir_ / "seed.pub", PublicKey{}).ok());
  EXPECT_TRUE(fs::posix().list(dir_.path()).value().empty());
}

TEST_F(KeyFile, EveryOtherLengthIsRefusedWithTheLength) {
  for (const std::size_t size : {0U, 1U, 31U, 33U, 64U, 5000U}) {
    const std::string path = with_bytes(cat("k", size), std::string(size, '\x07'));
    for (const Error& error :
         {read_signing_key(fs_, path).error(), read_public_key(fs_, path).error()}) {
      EXPECT_EQ(error.code, Code::kPrecondition);
      EXPECT_NE(error.message.find(counted(size, "byte")), std::string::npos) << error.message;
    }
  }
}

TEST_F(KeyFile, MissingFilesFoldersAndBadPointsAreRefused) {
  EXPECT_EQ(read_signing_key(fs_, dir_ / "none").error().code, Code::kPrecondition);
  EXPECT_EQ(read_public_key(fs_, dir_.path()).error().code, Code::kPrecondition);
  const std::string low = with_bytes("low", std::string(32, '\0'));
  const Error error = read_public_key(fs_, low).error();
  EXPECT_EQ(error.code, Code::kPrecondition);
  EXPECT_NE(error.message.find("low order"), std::string::npos);
  EXPECT_NE(error.message.find("low"), std::string::npos);
}

TEST_F(KeyFile, MessagesNeverShowTheSecret) {
  const std::string path = with_bytes("almost", "SECRETSECRETSECRETSECRETSECRETSECRET");
  EXPECT_EQ(read_signing_key(fs_, path).error().text().find("SECRET"), std::string::npos);
}

}  // namespace
}  // namespace cortex::crypto
