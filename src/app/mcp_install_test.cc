#include "app/mcp_install.h"

#include <gmock/gmock.h>

#include "app/app_fixture.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;

class McpInstall : public AppTest {
 protected:
  McpInstall() {
    environment_.vars = {{"HOME", folder_ / "home"}};
    EXPECT_TRUE(services_.fs.make_directories(folder_ / "home", 0700).ok());
  }
  Result<McpInstallReport> install(McpInstallRequest request) {
    request.command = "/opt/cortex";
    return mcp_install(services_, environment_, request);
  }
  std::string text_of(const std::string& path) {
    return fs::read_all(services_.fs, path, 1U << 20).value();
  }

  Environment environment_;
};

TEST_F(McpInstall, EveryClientHasAFileWithTheServer) {
  for (const McpClient& client : mcp_clients()) {
    const auto report = install({.client = std::string(client.name)});
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_TRUE(report->changed && !report->existed);
    if (client.is_toml) {
      EXPECT_EQ(text_of(report->path), cat("[", client.member,
                                           ".cortex]\ncommand = \"/opt/cortex\"\n"
                                           "args = [\"serve\"]\n"));
    } else {
      const auto file = json::parse(text_of(report->path)).value();
      const json::Value* entry = file.find(client.member)->find("cortex");
      EXPECT_EQ(*entry->find("command")->as_string(), "/opt/cortex");
      EXPECT_EQ(json::write_compact(*entry->find("args")), R"(["serve"])");
      EXPECT_EQ(entry->find("type") != nullptr, client.names_transport);
    }
    const auto again = install({.client = std::string(client.name)});
    EXPECT_FALSE(again->changed);
  }
}

TEST_F(McpInstall, OtherBytesAndTheModeStay_AndSymlinksAreFollowed) {
  const std::string real = folder_ / "dotfiles.json";
  const std::string before = "{\n    // mine\n    \"servers\": {},\n    \"x\": 1.50\n}\n";
  ASSERT_TRUE(fs::write_new(services_.fs, real, before, 0640).ok());
  const auto report = install({.client = "vscode", .config = real, .db = "/d/cortex.db"});
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(text_of(real), HasSubstr("    // mine\n"));
  EXPECT_THAT(text_of(real), HasSubstr("\"x\": 1.50\n}\n"));
  EXPECT_THAT(text_of(real), HasSubstr("/d/cortex.db"));
  EXPECT_EQ(services_.fs.stat(real)->mode, 0640U);
}

TEST_F(McpInstall, CodexDoesNotKeepAnOlderFolderOfTheData) {
  const std::string path = folder_ / "config.toml";
  const auto text_with = [&](const std::optional<std::string>& folder) {
    environment_.vars.erase("CORTEX_DATA_DIR");
    if (folder) environment_.vars["CORTEX_DATA_DIR"] = *folder;
    const auto report = install({.client = "codex", .config = path});
    EXPECT_TRUE(report.ok()) << report.error().text();
    return text_of(path);
  };
  EXPECT_THAT(text_with("/one"), HasSubstr("env = { CORTEX_DATA_DIR = \"/one\" }\n"));
  EXPECT_THAT(text_with("/two"), HasSubstr("env = { CORTEX_DATA_DIR = \"/two\" }\n"));
  const std::string without =
      "[mcp_servers.cortex]\ncommand = \"/opt/cortex\"\nargs = [\"serve\"]\n";
  EXPECT_EQ(text_with({}), without);
  put(path, without + "[mcp_servers.cortex.env]\nCORTEX_DATA_DIR = \"/one\"\nTZ = \"UTC\"\n");
  EXPECT_EQ(text_with({}), without + "[mcp_servers.cortex.env]\nTZ = \"UTC\"\n");
}

TEST_F(McpInstall, CodexKeepsItsFileWhereItIsTold_AndItsCommentsStay) {
  environment_.vars["CODEX_HOME"] = folder_ / "codex";
  const std::string before = "model = \"m\" # mine\n[mcp_servers.docs]\nurl = 'https://h/'\n";
  ASSERT_TRUE(fs_.make_directory(folder_ / "codex", 0700).ok());
  put(folder_ / "codex/config.toml", before);
  const auto dry = install({.client = "codex", .dry_run = true});
  ASSERT_TRUE(dry.ok()) << dry.error().text();
  EXPECT_EQ(text_of(folder_ / "codex/config.toml"), before);
  const auto report = install({.client = "codex", .db = "/d/cortex.db"});
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(text_of(folder_ / "codex/config.toml"),
            before +
                "\n[mcp_servers.cortex]\ncommand = \"/opt/cortex\"\n"
                "args = [\"serve\", \"--db\", \"/d/cortex.db\"]\n");
  put(folder_ / "codex/config.toml", "mcp_servers = 3\n");
  const auto refused = install({.client = "codex"});
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().next, HasSubstr("mcp_servers.cortex = { command = "));
}

TEST_F(McpInstall, ADryRunWritesNothing) {
  const auto report = install({.client = "cursor", .dry_run = true});
  ASSERT_TRUE(report.ok());
  EXPECT_TRUE(report->changed);
  EXPECT_THAT(report->text, HasSubstr("mcpServers"));
  EXPECT_EQ(services_.fs.stat(report->path)->kind, fs::Kind::kMissing);
}

TEST_F(McpInstall, WhatCannotBeEditedIsLeftAlone) {
  const std::string path = folder_ / "broken.json";
  ASSERT_TRUE(fs::write_new(services_.fs, path, "{\"mcpServers\": [", 0600).ok());
  const auto report = install({.client = "cursor", .config = path});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kPrecondition);
  EXPECT_EQ(text_of(path), "{\"mcpServers\": [");
  EXPECT_EQ(install({.client = "emacs"}).error().code, Code::kUsage);
  EXPECT_EQ(install({.client = "windsurf", .project = true}).error().code, Code::kUsage);
}

}  // namespace
}  // namespace cortex::app
