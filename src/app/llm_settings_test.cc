#include "app/llm_settings.h"

#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/config_sources.h"
#include "app/models.h"
#include "net/http_fixture.h"

namespace cortex::app {
namespace {

class LlmSettingsTest : public AppTest {
 protected:
  LlmSettingsTest() { environment_.vars = {{"HOME", folder_.path()}}; }
  void configure(std::string_view toml) {
    environment_.vars["CORTEX_CONFIG"] = folder_ / "config.toml";
    put(folder_ / "config.toml", toml);
  }
  LlmSettings settings() {
    const auto choice = llm_settings(environment_, fs_);
    EXPECT_TRUE(choice.ok());
    return choice.ok() ? choice->settings : LlmSettings{};
  }

  Environment environment_;
  net::ListedHttp http_;
  Services net_{fs_, clock_, random_, http_};
};

TEST_F(LlmSettingsTest, NothingIsConfiguredByDefault) {
  EXPECT_EQ(settings().backend, LlmBackend::kOffline);
}

TEST_F(LlmSettingsTest, EnvironmentComesBeforeTheFile) {
  configure(
      "[llm]\nbackend = \"openai-compat\"\n[llm.openai-compat]\nbase_url = \"http://f\"\n"
      "model = \"fm\"\napi_key = \"fk\"\ntimeout_ms = 7\nmax_sensitivity = \"high\"\n");
  EXPECT_EQ(settings().backend, LlmBackend::kOpenai);
  EXPECT_EQ(settings().endpoint, "http://f");
  EXPECT_EQ(settings().api_key, "fk");
  EXPECT_EQ(settings().timeout_millis, 7);
  EXPECT_EQ(settings().max_sensitivity, llm::Sensitivity::kHigh);
  environment_.vars["CORTEX_LLM_ENDPOINT"] = "http://e";
  environment_.vars["CORTEX_LLM_MODEL"] = "em";
  environment_.vars["CORTEX_LLM_API_KEY"] = "ek";
  EXPECT_EQ(settings().endpoint, "http://e");
  EXPECT_EQ(settings().model, "em");
  EXPECT_EQ(settings().api_key, "ek");
  environment_.vars["CORTEX_LLM_BACKEND"] = "ollama";
  EXPECT_EQ(settings().backend, LlmBackend::kOllama);
  environment_.vars["CORTEX_LLM_BACKEND"] = "";
  EXPECT_EQ(settings().backend, LlmBackend::kOpenai);
}

TEST_F(LlmSettingsTest, AnUnknownBackendIsRefused) {
  environment_.vars["CORTEX_LLM_BACKEND"] = "surprise";
  EXPECT_EQ(code_of(llm_settings(environment_, fs_)), Code::kUsage);
}

TEST_F(LlmSettingsTest, ABrokenFileCountsAsAbsentAndIsTold) {
  configure("[llm]\nbackend = 7\n");
  const auto choice = llm_settings(environment_, fs_);
  ASSERT_TRUE(choice.ok());
  EXPECT_EQ(choice->settings.backend, LlmBackend::kOffline);
  EXPECT_NE(choice->note, "");
}

TEST_F(LlmSettingsTest, WordsForTheLevelThatAreNoneMeanMedium) {
  configure(
      "[llm]\nbackend = \"claude\"\n[llm.claude]\nmodel = \"m\"\nmax_sensitivity = \"all\"\n");
  EXPECT_EQ(settings().max_sensitivity, llm::Sensitivity::kMedium);
}

TEST_F(LlmSettingsTest, TheLongReportSaysWhereValuesComeFromAndNoKey) {
  configure(
      "data_dir = \"/d\"\n[llm]\nbackend = \"openai-compat\"\n[llm.openai-compat]\n"
      "base_url = \"https://me:pw@h.test\"\nmodel = \"fm\"\napi_key = \"fk\"\n");
  environment_.vars["CORTEX_LLM_MODEL"] = "em";
  const auto report = extended_config_report(environment_, fs_);
  ASSERT_TRUE(report.ok()) << report.error().text();
  const json::Value& sources = *report->find("sources");
  EXPECT_EQ(*sources.find_text("data_dir"), "config.toml");
  EXPECT_EQ(*sources.find_text("db_path"), "default");
  EXPECT_EQ(*sources.find_text("llm.model"), "CORTEX_LLM_MODEL");
  EXPECT_EQ(*sources.find_text("llm.endpoint"), "config.toml");
  EXPECT_EQ(*report->find("llm")->find_text("model"), "em");
  const std::string text = json::write_compact(*report);
  EXPECT_EQ(text.find("fk"), std::string::npos);
  EXPECT_EQ(text.find("pw@"), std::string::npos);
}

TEST_F(LlmSettingsTest, OnlyWhatLeavesTheMachineIsWarnedOf) {
  const auto warning = [this](std::string endpoint) {
    const auto opened = open_model(
        net_, {.backend = LlmBackend::kOpenai, .endpoint = std::move(endpoint), .model = "m"});
    return opened.ok() ? opened->warning : opened.error().text();
  };
  EXPECT_EQ(warning("http://127.0.0.1:1"), "");
  EXPECT_NE(warning("https://me:pw@h.test").find("<redacted>@h.test"), std::string::npos);
  EXPECT_EQ(warning("https://h.test").find("unencrypted"), std::string::npos);
  EXPECT_NE(warning("http://h.test").find("unencrypted"), std::string::npos);
}

TEST_F(LlmSettingsTest, ListsOfAnotherBackendComeFromThisMachine) {
  environment_.vars["CORTEX_LLM_BACKEND"] = "openai-compat";
  environment_.vars["CORTEX_LLM_ENDPOINT"] = "http://far.test";
  http_.answers = {net::Answer{200, R"({"models":[]})"}};
  ASSERT_TRUE(list_models(net_, environment_, LlmBackend::kOllama).ok());
  EXPECT_EQ(http_.requests.back().url, "http://localhost:11434/api/tags");
  EXPECT_EQ(code_of(list_models(net_, environment_, LlmBackend::kClaude)), Code::kUsage);
}

TEST_F(LlmSettingsTest, OllamaOfAnotherMachineIsNotAsked) {
  environment_.vars["CORTEX_LLM_BACKEND"] = "ollama";
  environment_.vars["CORTEX_LLM_ENDPOINT"] = "http://far.test";
  EXPECT_EQ(code_of(list_models(net_, environment_, std::nullopt)), Code::kPrecondition);
  EXPECT_TRUE(http_.requests.empty());
}

}  // namespace
}  // namespace cortex::app
