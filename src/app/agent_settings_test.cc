#include "app/agent_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fs/test_dir.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;

class AgentSettingsTest : public testing::Test {
 protected:
  AgentSettings with(std::map<std::string, std::string> vars, std::string_view toml = "") {
    const std::string path = folder_ / "c.toml";
    static_cast<void>(fs::posix().remove_file(path));  // there from an earlier call, or not
    EXPECT_TRUE(fs::write_new(fs::posix(), path, toml, 0600).ok());
    vars["CORTEX_CONFIG"] = path;
    return agent_settings({std::move(vars), ""}, fs::posix());
  }
  fs::TestDir folder_;
};

TEST_F(AgentSettingsTest, DefaultsAreOfflineAndGuarded) {
  EXPECT_EQ(json::write_compact(to_json(with({}))),
            R"({"llm_backend":"offline","llm_model":null,"llm_endpoint":null,)"
            R"("embedding_backend":"stub","embedding_model":null,"embedding_endpoint":null,)"
            R"("mcp_auto_commit":false})");
}

TEST_F(AgentSettingsTest, EnvironmentBeforeFileBeforeDefault) {
  const char* file =
      "[llm]\nbackend = \"claude\"\n[llm.claude]\nmodel = \"large\"\n"
      "[llm.ollama]\nmodel = \"m\"\nendpoint = \"e\"\n";
  EXPECT_EQ(with({}, file).llm_model, "large");
  const AgentSettings asked = with({{"CORTEX_LLM_BACKEND", "ollama"}}, file);
  EXPECT_EQ(asked.llm_model, "m");
  EXPECT_EQ(asked.llm_endpoint, "e");
  EXPECT_EQ(with({{"CORTEX_LLM_BACKEND", "ollama"}}).llm_endpoint, "http://localhost:11434");
  EXPECT_EQ(with({{"CORTEX_LLM_BACKEND", "surprise"}}).llm_backend, "offline");
}

TEST_F(AgentSettingsTest, EmbeddingsFollowTheirOwnSection) {
  const AgentSettings asked =
      with({}, "[embeddings]\nbackend = \"ollama\"\n[embeddings.ollama]\nmodel = \"e\"\n");
  EXPECT_EQ(asked.embedding_backend, "ollama");
  EXPECT_EQ(asked.embedding_model, "e");
  EXPECT_EQ(asked.embedding_endpoint, "http://localhost:11434");
  // What is shown is what is used: the address of the model that answers is another thing.
  const AgentSettings other =
      with({},
           "[llm.ollama]\nendpoint = \"http://localhost:1\"\nmodel = \"m\"\n[embeddings]\n"
           "backend = \"ollama\"\n");
  EXPECT_EQ(other.embedding_model, "nomic-embed-text");
  EXPECT_EQ(other.embedding_endpoint, "http://localhost:11434");
}

TEST_F(AgentSettingsTest, UsersInUrlsAreNotShown) {
  const std::string url = "http://ann:hunter2@localhost:1";
  const std::string shown =
      json::write_compact(to_json(with({{"CORTEX_LLM_BACKEND", "ollama"},
                                        {"CORTEX_LLM_ENDPOINT", url},
                                        {"CORTEX_EMBEDDING_BACKEND", "ollama"},
                                        {"CORTEX_EMBEDDING_ENDPOINT", url}})));
  EXPECT_THAT(shown, HasSubstr(R"("llm_endpoint":"http://<redacted>@localhost:1")"));
  EXPECT_THAT(shown, HasSubstr(R"("embedding_endpoint":"http://<redacted>@localhost:1")"));
}

TEST_F(AgentSettingsTest, OnlyTheValueOneTurnsTheTokenOff) {
  EXPECT_FALSE(with({{"CORTEX_MCP_AUTO_COMMIT", "true"}}).auto_commit);
  EXPECT_THAT(with({{"CORTEX_MCP_AUTO_COMMIT", "1"}}).auto_commit_source,
              HasSubstr("CORTEX_MCP_AUTO_COMMIT=1"));
  EXPECT_THAT(with({}, "[mcp]\nauto_commit = true\n").auto_commit_source, HasSubstr("config file"));
}

TEST_F(AgentSettingsTest, ABadFileIsLeftAside_AndTold) {
  const AgentSettings asked = with({}, "[mcp]\nauto_commit = 5\n");
  EXPECT_FALSE(asked.auto_commit);
  EXPECT_THAT(asked.config_problem, HasSubstr("auto_commit"));
}

}  // namespace
}  // namespace cortex::app
