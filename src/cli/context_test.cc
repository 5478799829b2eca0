#include "cli/context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/cli_fixture.h"

namespace cortex::cli {
namespace {

using testing::StartsWith;

class ContextTest : public CliTest {
 protected:
  Result<app::Layout> layout_of(const std::vector<std::string>& words) {
    std::vector<const char*> argv = {"cortex"};
    for (const std::string& word : words) argv.push_back(word.c_str());
    const Parsed parsed = parse(static_cast<int>(argv.size()), argv.data(), "");
    return Context{services_, environment_, terminal_, std::get<Invocation>(parsed)}.layout();
  }
};

TEST(ErrorLine, SaysCommandTokenWhatAndWhatNext) {
  Error error = make_error(Code::kPrecondition, "it broke");
  EXPECT_EQ(error_line("backup", error), cat("cortex backup: ", error.text(), "\n"));
  error.token = "ledger.torn_tail";
  error.unchanged = "nothing was changed";
  error.next = "mend it";
  const std::string line = error_line("audit verify", error);
  EXPECT_THAT(line, StartsWith("cortex audit verify: ledger.torn_tail: it broke"));
  EXPECT_NE(line.find("nothing was changed"), std::string::npos);
  EXPECT_NE(line.find("mend it"), std::string::npos);
  EXPECT_TRUE(line.ends_with("\n"));
}

TEST(ErrorLine, TokensOfSqlite_AreNoWordsForPeople) {
  Error error = make_error(Code::kInternal, "it broke");
  error.token = "sqlite.busy";
  EXPECT_THAT(error_line("doctor", error), StartsWith("cortex doctor: it broke"));
}

TEST_F(ContextTest, Layout_ComesFromTheFlagsBeforeTheEnvironment) {
  EXPECT_EQ(layout_of({"status"})->data_dir, data_);
  EXPECT_EQ(layout_of({"doctor", "--strict"})->db_path, db_) << "without flags for the files";
  const auto named = layout_of({"status", "--db", "/x/y.db"});
  EXPECT_EQ(named->db_path, "/x/y.db");
  EXPECT_EQ(named->event_log_path, "/x/events.jsonl");
}

TEST_F(ContextTest, WithoutAnyDataFolder_EveryCommandRefuses) {
  environment_ = {};
  const std::vector<std::vector<std::string>> commands = {{"init"},
                                                          {"status"},
                                                          {"ingest", "x.json"},
                                                          {"log"},
                                                          {"show", id_of(1)},
                                                          {"audit", "verify"},
                                                          {"audit", "repair-tail"},
                                                          {"doctor", "--strict"},
                                                          {"backup", "--output", "x"}};
  for (const auto& words : commands) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.code, Code::kPrecondition) << words.front();
    EXPECT_EQ(outcome.text, "") << words.front();
    EXPECT_THAT(outcome.diagnostics, StartsWith(cat("cortex ", words.front()))) << words.front();
  }
}

}  // namespace
}  // namespace cortex::cli
