#include "app/session_proposers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "llm/offline.h"
#include "net/http_fixture.h"

namespace cortex::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kProposerTrace = "trc_01ARZ3NDEKTSV4RRFFQ69G5FAV";

class SessionProposersTest : public AppTest {
 protected:
  SessionProposersTest() { environment_.vars = {{"CORTEX_CONFIG", folder_ / "config.toml"}}; }
  void configure(std::string_view toml) { put(folder_ / "config.toml", toml); }
  // The name of the model that would be asked.
  static std::string asked(const Proposer& proposer, sqlite::Connection& db) {
    const auto request = proposer.ask(db, kProposerTrace);
    EXPECT_TRUE(request.ok()) << request.error().text();
    return request.ok() ? request->model : "";
  }

  Environment environment_;
  net::ListedHttp http_;
  Services net_{fs_, clock_, random_, http_};
};

TEST_F(SessionProposersTest, RecordedAnswersStandIn_UntilTheModelCanBeAskedAgain) {
  mirror();
  Proposer recorded;
  recorded.open = []() -> Result<std::unique_ptr<llm::Model>> { return llm::offline_model(); };
  recorded.ask = [](sqlite::Connection&, const std::string&) -> Result<llm::Request> {
    llm::Request out;
    out.model = "recorded";
    return out;
  };
  std::vector<std::string> warnings;
  const Proposer proposer =
      live_proposer(net_, environment_, recorded,
                    [&warnings](const std::string& text) { warnings.push_back(text); });
  sqlite::Connection db = connect();
  configure("[llm]\nbackend = \"offline\"\n");
  ASSERT_TRUE(proposer.open().ok());
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("warning: the recorded answers are used: ")));
  EXPECT_EQ(asked(proposer, db), "recorded");
  configure(
      "[llm]\nbackend = \"openai-compat\"\n[llm.openai-compat]\n"
      "base_url = \"http://127.0.0.1:1\"\nmodel = \"m\"\n");
  const auto live = proposer.open();
  ASSERT_TRUE(live.ok()) << live.error().text();
  EXPECT_NE(asked(proposer, db), "recorded");
}

TEST_F(SessionProposersTest, WhoHasNoRecordedAnswersIsToldOfTheOtherWays) {
  const auto refused =
      replay_proposer(services_, environment_, folder_ / "none", "close it with --extract").open();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().next, HasSubstr(", or close it with --extract"));
}

TEST_F(SessionProposersTest, WhereTheModelFailedAndNothingIsRecorded_OnlyTheOtherWaysAreNamed) {
  configure("[llm]\nbackend = \"offline\"\n");
  const Proposer recorded =
      replay_proposer(net_, environment_, folder_ / "none", "close it with --extract");
  const auto refused =
      live_proposer(net_, environment_, recorded, [](const std::string&) {}).open();
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().next, HasSubstr(", or close it with --extract"));
  EXPECT_THAT(refused.error().next, Not(HasSubstr("--live-reflect")));
}

}  // namespace
}  // namespace cortex::app
