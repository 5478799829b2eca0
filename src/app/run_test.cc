#include "app/run.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "app/app_fixture.h"
#include "app/operations.h"
#include "net/http_fixture.h"

namespace cortex::app {
namespace {

class RunTest : public AppTest {
 protected:
  RunTest() { environment_.vars = {{"CORTEX_DATA_DIR", live_}}; }
  Result<RunReport> run(RunRequest request) {
    return run_task(net_, environment_, layout_, request);
  }
  std::string ledger() { return get(layout_.event_log_path); }

  Environment environment_;
  net::ListedHttp http_;
  Services net_{fs_, clock_, random_, http_};
};

TEST_F(RunTest, TheAnswerIsARowOfTheLedgerAndTheMirror) {
  const auto report = run({.task = "t"});
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->response.text, "offline response for replay");
  EXPECT_EQ(report->truth.runtime_mode, trust::RuntimeMode::kLocalUnsigned);
  EXPECT_NE(ledger().find(report->event.event_hash), std::string::npos);
  EXPECT_EQ(count("events"), 1);
  EXPECT_EQ(count("context_packs"), 0);  // a run leaves its one row and nothing else
}

TEST_F(RunTest, AnAnswerOfAnotherMachineIsMarkedOrRefused) {
  environment_.vars["CORTEX_LLM_BACKEND"] = "openai-compat";
  environment_.vars["CORTEX_LLM_ENDPOINT"] = "https://far.test";
  environment_.vars["CORTEX_LLM_MODEL"] = "m";
  const net::Answer answer{200, R"({"choices":[{"message":{"content":"Hi"}}]})"};
  http_.answers = {answer, answer};
  const auto report = run({.task = "t"});
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(report->truth.runtime_mode, trust::RuntimeMode::kRemoteUnsigned);
  EXPECT_NE(report->event.payload.find("\"external_reporting\",\"remote_unsigned\"]"),
            std::string::npos);
  EXPECT_EQ(report->warnings.size(), 2U);
  const std::string before = ledger();
  const auto strict = run({.task = "t", .strict = true});
  ASSERT_FALSE(strict.ok());
  EXPECT_EQ(strict.error().code, Code::kPrecondition);
  EXPECT_NE(strict.error().message.find("run.persist.runtime_mode_gate"), std::string::npos);
  EXPECT_EQ(ledger(), before);
}

TEST_F(RunTest, AFailedAnswerLeavesNoRow) {
  environment_.vars["CORTEX_LLM_BACKEND"] = "openai-compat";
  environment_.vars["CORTEX_LLM_MODEL"] = "m";
  EXPECT_EQ(code_of(run({.task = "t"})), Code::kPrecondition);
  EXPECT_EQ(ledger(), "");
}

TEST_F(RunTest, AFileThatWasNotHeededIsTold_WhicheverWayTheModelIsNamed) {
  environment_.vars["CORTEX_CONFIG"] = folder_ / "config.toml";
  put(folder_ / "config.toml", "this is no TOML");
  for (const std::string& model :
       {std::string("replay"), "ollama:m@sha256:" + std::string(64, 'a')}) {
    const auto report = run({.task = "t", .model = model, .offline_fallback = true});
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_EQ(std::ranges::count_if(report->warnings,
                                    [](const std::string& warning) {
                                      return warning.find("config.toml") != std::string::npos;
                                    }),
              1)
        << model;
  }
}

TEST_F(RunTest, FlagsAreLookedAtBeforeTheModelIsAsked) {
  environment_.vars["CORTEX_LLM_BACKEND"] = "openai-compat";
  environment_.vars["CORTEX_LLM_MODEL"] = "m";
  EXPECT_EQ(code_of(run({.task = " "})), Code::kUsage);
  EXPECT_EQ(code_of(run({.task = "t", .model = ""})), Code::kUsage);
  EXPECT_EQ(code_of(run({.task = "t", .attestation = "k"})), Code::kUsage);
  EXPECT_EQ(code_of(run({.task = "t", .trusted_history = true})), Code::kPrecondition);
  EXPECT_EQ(code_of(run({.task = "t", .model = "ollama:m"})), Code::kPrecondition);
  EXPECT_EQ(code_of(run({.task = "t", .break_glass = "{"})), Code::kUsage);
  put(folder_ / "key", std::string(32, 'k'));
  const auto unknown = run({.task = "t", .trusted_history = true, .attestation = folder_ / "key"});
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().token,
            "run.trusted_history.operator_temporal_authority.revalidation_failed");
  EXPECT_TRUE(http_.requests.empty());
}

TEST_F(RunTest, AnEventIsAppendedOnce) {
  const auto fine = [](sqlite::Connection&, ledger::AppendLog&) { return Status(); };
  core::Event first = event(1), again = event(1);
  ASSERT_TRUE(append_event(services_, layout_, first, fine).ok());
  EXPECT_EQ(code_of(append_event(services_, layout_, again, fine)), Code::kPrecondition);
  const std::string before = ledger();
  core::Event second = event(2);
  const auto refuse = [](sqlite::Connection&, ledger::AppendLog&) -> Status {
    return make_error(Code::kPrecondition, "no");
  };
  EXPECT_EQ(code_of(append_event(services_, layout_, second, refuse)), Code::kPrecondition);
  EXPECT_EQ(ledger(), before);
  EXPECT_EQ(count("events"), 1);
}

}  // namespace
}  // namespace cortex::app
