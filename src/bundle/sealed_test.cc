#include "bundle/sealed.h"

#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

crypto::AgeIdentity identity(std::uint8_t byte) {
  std::array<std::uint8_t, 32> secret;
  secret.fill(byte);
  return crypto::AgeIdentity(secret);
}

class SealedTest : public DeploymentTest {
 protected:
  void SetUp() override {
    fill(2);
    ASSERT_TRUE(back_up().ok());
    ASSERT_TRUE(fs_.make_directory(sealed_, 0700).ok());
    const crypto::AgeRecipient recipients[] = {identity(1).recipient(), identity(2).recipient()};
    ASSERT_TRUE(seal(fs_, out_, sealed_, recipients, random_, nullptr).ok());
  }
  Status open_with(std::uint8_t byte) {
    const std::string to = folder_ / cat("plain", byte);
    CORTEX_TRY(fs_.make_directory(to, 0700));
    const crypto::AgeIdentity identities[] = {identity(byte)};
    return unseal(fs_, sealed_, to, identities, nullptr);
  }
  Code check() { return code_of(check_sealed(fs_, sealed_, Source::kAnywhere, nullptr)); }
  std::string sealed_ = folder_ / "sealed";
};

TEST_F(SealedTest, EachRecipientGetsTheBundleBack_OthersDoNot) {
  for (const std::uint8_t byte : {std::uint8_t{1}, std::uint8_t{2}}) {
    ASSERT_TRUE(open_with(byte).ok());
    for (const char* name : {"BACKUP_MANIFEST", "cortex.db", "events.jsonl"}) {
      EXPECT_EQ(get(fs::join(folder_ / cat("plain", byte), name)), get(fs::join(out_, name)));
    }
  }
  const Status other = open_with(3);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, Code::kPrecondition);
}

TEST_F(SealedTest, TheListNamesSizesAndDigestsOfTheCiphertextOnly) {
  const std::string list = get(fs::join(sealed_, kSealedManifestName));
  for (const char* word : {"timestamp", "rows", "events\"", "memories"}) {
    EXPECT_EQ(list.find(word), std::string::npos) << word;
  }
  EXPECT_EQ(check(), Code::kOk);
}

TEST_F(SealedTest, EveryChangeOfTheFolderIsFoundWithoutAKey) {
  const std::string member = fs::join(sealed_, "events.jsonl.age");
  const std::string good = get(member);
  std::string changed = good;
  changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
  put(member, changed);
  EXPECT_EQ(check(), Code::kQuarantined);
  put(member, good.substr(1));
  EXPECT_EQ(check(), Code::kQuarantined);
  ASSERT_TRUE(fs_.remove_file(member).ok());
  EXPECT_EQ(check(), Code::kPrecondition);
  put(member, good);
  put(fs::join(sealed_, "more"), "");
  EXPECT_EQ(check(), Code::kQuarantined);
}

TEST_F(SealedTest, ANameThatLeavesTheFolderIsRefused) {
  const std::string path = fs::join(sealed_, kSealedManifestName);
  const std::string good = get(path);
  for (const char* name : {"../x.age", "/x.age", ".age", ".x.age", "x"}) {
    std::string text = good;
    text.replace(text.find("cortex.db.age"), 13, name);
    put(path, text);
    EXPECT_EQ(check(), Code::kQuarantined) << name;
  }
  std::string text = good;
  text.replace(text.find("\"v\": 1"), 6, "\"v\": 2");
  put(path, text);
  EXPECT_EQ(check(), Code::kSchema);
}

}  // namespace
}  // namespace cortex::bundle
