#include "app/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"

namespace cortex::app {
namespace {

// A private folder with $CONFIG/cortex/config.toml, removed at the end.
class ConfigTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "cortex_config_XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    root_ = name;
    std::filesystem::create_directories(root_ + "/config/cortex");
    env_.vars = {{"HOME", "/h"}, {"XDG_CONFIG_HOME", root_ + "/config"}, {"XDG_DATA_HOME", "/x"}};
  }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void write(const std::string& name, std::string_view text) {
    std::ofstream(root_ + "/" + name) << text;
  }
  json::Value report() {
    auto result = config_report(env_, fs::posix());
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().text());
    return result.ok() ? *result : json::Value();
  }
  std::string text(std::string_view key) {
    const json::Value value = report();
    const json::Value* member = value.find(key);
    return member == nullptr ? "" : *member->as_string();
  }

  std::string root_;
  Environment env_;
};

Code config_code(std::string_view toml) {
  const auto result = parse_config(toml, "c.toml");
  return result.ok() ? Code::kOk : result.error().code;
}

std::string data_file(std::string_view name) {
  std::ifstream in(cat(CORTEX_TEST_DATA, "/config/", name));
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST_F(ConfigTest, DefaultsEqualTheRecordedReport) {
  env_.vars["CORTEX_API_TOKEN"] = "t";
  env_.vars["CORTEX_PROFILE"] = "p";
  env_.vars["UNRELATED_SECRET"] = "s";
  auto expected = json::parse(data_file("print-config.default.json"));
  ASSERT_TRUE(expected.ok());
  std::string wanted = json::write_pretty(*expected);
  const auto fill = [&wanted](std::string_view mask, std::string_view by) {
    for (auto at = wanted.find(mask); at != std::string::npos; at = wanted.find(mask)) {
      wanted.replace(at, mask.size(), by);
    }
  };
  fill("<data_dir>", "/x/cortex");
  fill("<home>", "/h");
  fill("<config_home>", root_ + "/config");
  fill("<data_home>", "/x");
  EXPECT_EQ(json::write_pretty(report()), wanted);
}

TEST_F(ConfigTest, EveryKnownKeyIsAccepted) {
  env_.vars["CORTEX_CONFIG"] = cat(CORTEX_TEST_DATA, "/config/full.toml");
  EXPECT_EQ(text("data_dir"), "/srv/cortex");
  EXPECT_EQ(text("db_path"), "/srv/cortex/custom.db");
  EXPECT_EQ(text("event_log_path"), "/srv/cortex/custom.jsonl");
}

TEST_F(ConfigTest, EnvironmentBeforeFileBeforeDefault) {
  write("config/cortex/config.toml", "data_dir = \"/from-file\"\n");
  EXPECT_EQ(text("data_dir"), "/from-file");
  EXPECT_EQ(text("db_path"), "/from-file/cortex.db");
  env_.vars["CORTEX_DATA_DIR"] = "/env";
  EXPECT_EQ(text("data_dir"), "/env");
  EXPECT_EQ(text("event_log_path"), "/env/events.jsonl");
  env_.vars["CORTEX_EVENT_LOG_PATH"] = "/l/y.jsonl";
  EXPECT_EQ(text("data_dir"), "/env");
  EXPECT_EQ(text("event_log_path"), "/l/y.jsonl");
}

TEST_F(ConfigTest, APathAloneMovesTheDataFolder) {
  write("other.toml", "db_path = \"/o/o.db\"\nevent_log_path = \"/o2/o.jsonl\"\n");
  env_.vars["CORTEX_CONFIG"] = root_ + "/other.toml";
  EXPECT_EQ(text("data_dir"), "/o");
  EXPECT_EQ(text("event_log_path"), "/o2/o.jsonl");
  env_.vars.erase("CORTEX_CONFIG");
  env_.vars["CORTEX_DB_PATH"] = "/d/x.db";
  EXPECT_EQ(text("event_log_path"), "/d/events.jsonl");
}

TEST_F(ConfigTest, ANamedFileMustExistAndBeReadable) {
  env_.vars["CORTEX_CONFIG"] = root_ + "/absent.toml";
  EXPECT_EQ(config_report(env_, fs::posix()).error().code, Code::kPrecondition);
  env_.vars["CORTEX_CONFIG"] = root_;
  EXPECT_EQ(config_report(env_, fs::posix()).error().code, Code::kPrecondition);
  env_.vars["CORTEX_CONFIG"] = "";
  EXPECT_TRUE(config_report(env_, fs::posix()).ok()) << "empty counts as unset";
}

TEST_F(ConfigTest, HomeConfigIsUsedWithoutXdg) {
  std::filesystem::create_directories(root_ + "/.config/cortex");
  write(".config/cortex/config.toml", "data_dir = \"/via-home\"\n");
  env_.vars.erase("XDG_CONFIG_HOME");
  env_.vars["HOME"] = root_;
  EXPECT_EQ(text("data_dir"), "/via-home");
}

TEST_F(ConfigTest, UsersInUrlsAreNotShown) {
  env_.vars["CORTEX_LLM_ENDPOINT"] = "https://ann:hunter2@host.test/v1";
  EXPECT_EQ(*report().find("env")->find("CORTEX_LLM_ENDPOINT")->as_string(),
            "https://<redacted>@host.test/v1");
}

TEST_F(ConfigTest, ValuesThatAreNotUtf8AreShownWithReplacements) {
  env_.vars["CORTEX_PROFILE"] = "a\xFFz\xC3\xB6";
  const json::Value value = report();
  EXPECT_EQ(*value.find("env")->find("CORTEX_PROFILE")->as_string(), "a\xEF\xBF\xBDz\xC3\xB6");
}

TEST(Config, UnknownKeysAreRefusedAtEveryLevel) {
  for (const char* bad :
       {"datadir = \"x\"", "[llm]\nspeed = 1", "[llm.ollama]\nendpoint=\"e\"\nmodel=\"m\"\nspeed=3",
        "[llm.other]\n", "[embeddings.claude]\n", "[mcp]\nauto = true", "[[mcp]]\nauto_commit=true",
        "llm.offline = 1"}) {
    EXPECT_EQ(config_code(bad), Code::kUsage) << bad;
  }
}

TEST(Config, WrongTypesRangesAndSyntaxAreRefused) {
  for (const char* bad :
       {"data_dir = 3", "data_dir = ", "llm = \"x\"", "[mcp]\nauto_commit = 1",
        "[llm.claude]\nmodel=\"m\"\nmax_tokens = -1",
        "[llm.claude]\nmodel=\"m\"\nmax_tokens = 4294967296",
        "[llm.claude]\nmodel=\"m\"\ntimeout_ms = 1.5", "data_dir=\"a\"\ndata_dir=\"b\"", "\xFF"}) {
    EXPECT_EQ(config_code(bad), Code::kUsage) << bad;
  }
  EXPECT_EQ(config_code("[llm.claude]\nmodel=\"m\"\nmax_tokens = 4294967295"), Code::kOk);
}

TEST(Config, TablesMissTheirRequiredKeys) {
  for (const char* bad : {"[llm.claude]\nmax_tokens = 5", "[llm.ollama]\nmodel=\"m\"",
                          "[llm.openai-compat]\nbase_url=\"u\""}) {
    EXPECT_EQ(config_code(bad), Code::kUsage) << bad;
  }
  EXPECT_EQ(config_code("[llm]\n[embeddings]\n[embeddings.ollama]\n[mcp]\n"), Code::kOk);
  EXPECT_EQ(config_code(""), Code::kOk);
}

TEST(Config, BackendsThatDoNotExistAreRefused) {
  EXPECT_EQ(config_code("[llm]\nbackend = \"zork\""), Code::kUsage);
  EXPECT_EQ(config_code("[embeddings]\nbackend = \"zork\""), Code::kUsage);
  EXPECT_EQ(config_code("[llm]\nbackend = \"openai-compat\""), Code::kOk);
}

TEST(Config, ErrorsNameTheLineAndTheKey) {
  const auto result = parse_config("data_dir = \"x\"\n\n[mcp]\nautocommit = true\n", "c.toml");
  ASSERT_FALSE(result.ok());
  EXPECT_NE(result.error().message.find("line 4"), std::string::npos) << result.error().message;
  EXPECT_NE(result.error().message.find("mcp.autocommit"), std::string::npos);
}

TEST(Config, DeeplyNestedTomlIsRefusedWithoutHarm) {
  EXPECT_EQ(config_code(cat("data_dir = ", std::string(100'000, '['))), Code::kUsage);
}

TEST(Config, SecretsAreToldByTheName) {
  for (const char* name : {"CORTEX_CLAUDE_API_KEY", "CORTEX_TOKEN_X", "CORTEX_MY_PASSWORD",
                           "CORTEX_AUTHOR", "CORTEX_key", "CORTEX_BYPASS"}) {
    EXPECT_TRUE(is_secret(name, "v")) << name;
  }
  EXPECT_FALSE(is_secret("CORTEX_PLAIN", "v"));
}

TEST(Config, APinnedModelIsHiddenOnlyWithExactly64Digits) {
  const std::string digest(64, 'c');
  EXPECT_TRUE(is_secret("CORTEX_LLM_MODEL", "m@sha256:" + digest));
  EXPECT_TRUE(is_secret("CORTEX_LLM_MODEL", "m@sha256:" + digest + "-x"));
  EXPECT_FALSE(is_secret("CORTEX_LLM_MODEL", "m@sha256:" + digest + "d"));
  EXPECT_FALSE(is_secret("CORTEX_LLM_MODEL", "m@sha256:" + digest.substr(1)));
  EXPECT_FALSE(is_secret("CORTEX_LLM_MODEL", "m@sha256:x@sha256:" + digest));
  EXPECT_FALSE(is_secret("CORTEX_OTHER", "m@sha256:" + digest));
}

TEST_F(ConfigTest, CommandsFindTheirDataByFlagsThenEnvironmentThenFile) {
  const auto find = [this](std::optional<std::string> db = {},
                           std::optional<std::string> log = {}) {
    return find_layout(env_, fs::posix(), std::move(db), std::move(log)).value();
  };
  EXPECT_EQ(find(), (Layout{"/x/cortex", "/x/cortex/cortex.db", "/x/cortex/events.jsonl"}));
  write("config/cortex/config.toml", "db_path = \"/f/a.db\"\n");
  EXPECT_EQ(find(), (Layout{"/f", "/f/a.db", "/f/events.jsonl", "config.toml"}));
  env_.vars["CORTEX_DB_PATH"] = "/e/b.db";
  EXPECT_EQ(find(), (Layout{"/e", "/e/b.db", "/e/events.jsonl", "CORTEX_DB_PATH"}));
  env_.vars["CORTEX_DATA_DIR"] = "/d";
  EXPECT_EQ(find(), (Layout{"/d", "/e/b.db", "/d/events.jsonl", "CORTEX_DB_PATH"}));
  EXPECT_EQ(find("/g/c.db"), (Layout{"/g", "/g/c.db", "/g/events.jsonl"}));
  EXPECT_EQ(find({}, "/g/l.jsonl"), (Layout{"/g", "/g/cortex.db", "/g/l.jsonl"}));
}

TEST_F(ConfigTest, ABrokenFileStopsCommandsThatWouldFollowIt) {
  write("config/cortex/config.toml", "nonsense = 1\n");
  EXPECT_EQ(find_layout(env_, fs::posix(), {}, {}).error().code, Code::kUsage);
  EXPECT_TRUE(find_layout(env_, fs::posix(), "/g/c.db", {}).ok());
}

}  // namespace
}  // namespace cortex::app
