#include "app/run.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "app/app_fixture.h"
#include "app/ingest.h"
#include "app/keys.h"
#include "app/operations.h"
#include "app/run_persist.h"
#include "ledger/proven_prefix.h"
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

TEST_F(RunTest, WhatIsDoubtfulAboutAModelIsAWarning) {
  http_.answers = {net::Answer{200, R"({"models":[]})"},
                   net::Answer{200, R"({"model":"m","message":{"content":"Hi"},"done":true})"}};
  const auto report = run({.task = "t", .model = "ollama:m@sha256:" + std::string(64, 'a')});
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_EQ(std::ranges::count_if(report->warnings,
                                  [](const std::string& warning) {
                                    return warning.starts_with("warning: the digest of m was not");
                                  }),
            1);
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

class TrustedRunTest : public RunTest {
 protected:
  TrustedRunTest() { mirror(); }
  void generate(const std::string& name) {
    const auto made = generate_key(
        services_, {.change = {.layout = signing()}, .principal_id = "anna", .tier = "operator"},
        path(name));
    ASSERT_TRUE(made.ok()) << made.error().text();
  }
  void rotate(const std::string& from, const std::string& to) {
    const auto made = rotate_key(services_, {.change = {.layout = signing(from)},
                                             .old_seed_path = path(from),
                                             .new_seed_path = path(to)});
    ASSERT_TRUE(made.ok()) << made.error().text();
  }
  void ingest(std::uint64_t first, std::uint64_t rows, const std::string& key) {
    const auto report =
        app::ingest(services_, {.session = session(first, rows), .layout = signing(key)});
    ASSERT_TRUE(report.ok()) << report.error().text();
  }
  Result<RunReport> run_by(const std::string& key) {
    clock_.time.seconds += 1;
    return run({.task = "t", .trusted_history = true, .attestation = path(key)});
  }
  std::string path(const std::string& name) const { return folder_ / name; }
  Layout signing(const std::string& key = "") const {
    Layout out = layout_;
    if (!key.empty()) out.signing_seed = path(key);
    return out;
  }
  std::string proven() { return get(ledger::proven_prefix_path(layout_.event_log_path)); }
};

// The first row is that of the registration, which no key signed: history begins with a rotation.
TEST_F(TrustedRunTest, SignedHistoryBeginsWhereTheKeyWasHandedOver) {
  generate("one");
  const auto refused = run_by("one");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("existing ledger is not a clean signed chain: line 1"),
            std::string::npos);
  EXPECT_NE(refused.error().next.find("cortex key rotate"), std::string::npos);
  clock_.time.seconds += 1;
  rotate("one", "two");
  const auto report = run_by("two");
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_TRUE(report->trusted);
  EXPECT_EQ(report->trusted_from_row, 4U);  // registration, rotation, and the row of the rotation
  EXPECT_EQ(*to_json(*report).find_unsigned("trusted_from_row"), 4U);
  ingest(1, 5, "two");
  const std::string before = proven();
  EXPECT_TRUE(run_by("two").ok());
  EXPECT_NE(proven(), before);
  const auto old = run_by("one");
  ASSERT_FALSE(old.ok());
  EXPECT_EQ(old.error().token, kRunRevalidationFailed);
}

TEST_F(TrustedRunTest, AnUnsignedRowEndsIt_AndRevocationToo) {
  generate("one");
  clock_.time.seconds += 1;
  rotate("one", "two");
  ASSERT_TRUE(run_by("two").ok());
  const std::string proof = proven();
  ingest(1, 1, "");
  const std::string before = ledger();
  const auto refused = run_by("two");
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("MissingSignature"), std::string::npos);
  EXPECT_EQ(ledger(), before);
  EXPECT_EQ(proven(), proof);  // which still says what was so then, and no more
  clock_.time.seconds += 1;
  rotate("two", "three");
  const auto again = run_by("three");
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_GT(again->trusted_from_row, 6U);
  const auto revoked =
      revoke_key(services_, {.layout = signing("three")}, again->event.signature->key_id);
  ASSERT_TRUE(revoked.ok()) << revoked.error().text();
  const auto late = run_by("three");
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().token, kRunRevalidationFailed);
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
