#include "bundle/inventory.h"

#include "bundle/deployment_fixture.h"
#include "bundle/manifest.h"

namespace cortex::bundle {
namespace {

class InventoryTest : public DeploymentTest {
 protected:
  void SetUp() override {
    fill(1);
    ASSERT_TRUE(back_up().ok());
    ASSERT_TRUE(check_inventory(fs_, out_).ok());
  }
  void rewrite(const std::string& from, const std::string& to) {
    const std::string path = fs::join(out_, kManifestName);
    std::string text = get(path);
    text.replace(text.find(from), from.size(), to);
    put(path, text);
  }
  std::string message() {
    const Status checked = check_inventory(fs_, out_);
    EXPECT_FALSE(checked.ok());
    return checked.ok() ? "" : checked.error().message;
  }
};

TEST_F(InventoryTest, WhatIsNoMemberIsRefused) {
  for (const char* name : {"cortex.db-wal", ".hidden", "notes.txt"}) {
    put(fs::join(out_, name), "");
    EXPECT_NE(message().find(name), std::string::npos);
    ASSERT_TRUE(fs_.remove_file(fs::join(out_, name)).ok());
  }
  put(fs::join(out_, kPostMigrateManifestName), "{}");
  EXPECT_TRUE(check_inventory(fs_, out_).ok());
}

TEST_F(InventoryTest, AMemberThatIsMissingOrNoPlainFileIsRefused) {
  const std::string ledger = fs::join(out_, kLedgerName);
  ASSERT_TRUE(fs_.remove_file(ledger).ok());
  EXPECT_NE(message().find("was not found"), std::string::npos);
  ASSERT_TRUE(fs_.make_directory(ledger, 0700).ok());
  EXPECT_NE(message().find("no regular file"), std::string::npos);
}

TEST_F(InventoryTest, TheManifestHasItsMembersOnce) {
  rewrite("\"kind\"", "\"kin\"");
  EXPECT_NE(message().find("lacks the member `kind`"), std::string::npos);
  rewrite("\"kin\"", "\"extra\": 1,\n  \"kind\"");
  EXPECT_NE(message().find("unknown member \"extra\""), std::string::npos);
  rewrite("\"extra\"", "\"kind\"");
  EXPECT_NE(message().find("twice"), std::string::npos);
}

}  // namespace
}  // namespace cortex::bundle
