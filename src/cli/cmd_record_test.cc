// init, ingest, log and show: what they print and report.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/cli_fixture.h"

namespace cortex::cli {
namespace {

using testing::ContainsRegex;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class RecordTest : public CliTest {};

TEST_F(RecordTest, Init_SaysWhatItCreatedAndWhatWasThere) {
  const Outcome first = run({"init"});
  EXPECT_EQ(first.code, Code::kOk) << first.diagnostics;
  EXPECT_THAT(first.text, HasSubstr(cat("data_dir = ", data_, "\n")));
  EXPECT_THAT(first.text, HasSubstr("(created)"));
  EXPECT_EQ(text_of(first.report, "db_path"), db_);
  EXPECT_EQ(first.diagnostics, "");
  const Outcome again = run({"init"});
  EXPECT_THAT(again.text, Not(HasSubstr("(created)")));
  EXPECT_THAT(again.text, HasSubstr("(exists)"));
}

TEST_F(RecordTest, InitThatIsRefused_HasNoReport) {
  put(data_, "a file");
  const Outcome outcome = run({"init"});
  EXPECT_EQ(outcome.code, Code::kPrecondition);
  EXPECT_TRUE(outcome.report.is_null());
  EXPECT_EQ(outcome.text, "");
  EXPECT_THAT(outcome.diagnostics, StartsWith("cortex init: precondition unmet"));
}

TEST_F(RecordTest, Ingest_NamesEachEventAndEndsInThreeFacts) {
  run_well({"init"});
  const std::string path = session(cat("[", event(1), ",", event(2), "]"));
  const Outcome first = run({"ingest", path});
  EXPECT_EQ(first.code, Code::kOk) << first.diagnostics;
  EXPECT_THAT(first.text, StartsWith(cat("appended ", id_of(1), "\nappended ", id_of(2), "\n")));
  EXPECT_THAT(first.text, ContainsRegex("\nappended_count = 2\nskipped_count  = 0\n"
                                        "chain_head     = [0-9a-f]+\n$"));
  EXPECT_EQ(first.diagnostics, "");
  const Outcome again = run({"ingest", path});
  EXPECT_THAT(again.text, StartsWith(cat("skipped  ", id_of(1), " (already in log)\n")));
  EXPECT_THAT(run({"ingest", session("[]"), "--event-log", folder_ / "new.jsonl"}).text,
              HasSubstr("chain_head     = <empty>\n"));
}

TEST_F(RecordTest, IngestWithJson_ReportsTheLists) {
  run_well({"init"});
  const Outcome outcome = run({"--json", "ingest", session(event(1))});
  EXPECT_EQ(outcome.code, Code::kOk) << outcome.diagnostics;
  EXPECT_EQ(count_of(outcome.report, "appended_count"), 1U);
  EXPECT_TRUE(*outcome.report.find("mirrored")->as_bool());
  EXPECT_EQ(run({"ingest", "--json", session(event(1))}).code, Code::kUsage);
}

TEST_F(RecordTest, IngestThatIsRefused_ReportsNothingAppended) {
  run_well({"init"});
  const std::string user = event(1, "{}", "{\"type\":\"user\"}");
  for (const auto& [text, code] : {std::pair<std::string, Code>{"[", Code::kUsage},
                                   std::pair<std::string, Code>{user, Code::kPrecondition}}) {
    const Outcome outcome = run({"--json", "ingest", session(text)});
    EXPECT_EQ(outcome.code, code);
    EXPECT_EQ(outcome.text, "");
    EXPECT_THAT(outcome.diagnostics, StartsWith("cortex ingest: "));
    EXPECT_THAT(keys_of(outcome.report), ElementsAre("appended", "appended_count", "detail",
                                                     "skipped", "skipped_count", "status"));
    EXPECT_EQ(text_of(outcome.report, "status"), "error");
    EXPECT_EQ(count_of(outcome.report, "appended_count"), 0U);
  }
  EXPECT_EQ(get(log_), "");
}

TEST_F(RecordTest, Ingest_NotesWhatItDidBesides) {
  run_well({"init"});
  run_well({"ingest", session(event(1))});
  put(log_, get(log_) + "{\"id\":");
  const Outcome torn = run({"ingest", session(event(2))});
  EXPECT_EQ(torn.code, Code::kOk);
  EXPECT_THAT(torn.diagnostics, StartsWith("note: "));
  EXPECT_THAT(torn.diagnostics, HasSubstr("torn"));
  const Outcome unstable = run({"ingest", session(event(3, "{\"x\":-2.72422580300561e-11}"))});
  EXPECT_THAT(unstable.diagnostics, HasSubstr(id_of(3)));
  ASSERT_TRUE(fs_.remove_file(db_).ok());
  EXPECT_THAT(run({"ingest", session(event(4))}).diagnostics, HasSubstr("there is no store"));
  EXPECT_EQ(run({"ingest", session(event(5)), "--no-mirror"}).diagnostics, "")
      << "what was asked for needs no note";
}

TEST_F(RecordTest, Log_PrintsATableOrRowsAsTheyAre) {
  fill();
  const Outcome table = run({"log", "--limit", "2"});
  EXPECT_EQ(table.code, Code::kOk) << table.diagnostics;
  EXPECT_THAT(table.text, StartsWith("ID"));
  EXPECT_THAT(table.text, Not(HasSubstr(id_of(1))));
  EXPECT_LT(table.text.find(id_of(2)), table.text.find(id_of(3)));
  EXPECT_THAT(table.text, Not(HasSubstr("\x1b"))) << "no colour behind a pipe";
  EXPECT_EQ(run({"log", "--jsonl"}).text, get(log_));
  const Outcome json = run({"--json", "log"});
  EXPECT_EQ(count_of(json.report, "count"), 3U);
  EXPECT_EQ(json.text, "");
}

TEST_F(RecordTest, LogWithoutAMatch_SaysSoBesideAnEmptyOutput) {
  fill();
  const Outcome outcome = run({"log", "--session", "none"});
  EXPECT_EQ(outcome.code, Code::kOk);
  EXPECT_EQ(outcome.text, "");
  EXPECT_THAT(outcome.diagnostics, StartsWith("note: "));
}

TEST_F(RecordTest, LogThatIsRefused_SaysWhy) {
  EXPECT_EQ(run({"log"}).code, Code::kPrecondition);
  EXPECT_EQ(run({"log", "--type", "nothing"}).code, Code::kUsage);
  EXPECT_EQ(run({"log", "--limit", "0"}).code, Code::kUsage);
  const Outcome endless = run({"--json", "log", "--follow"});
  EXPECT_EQ(endless.code, Code::kUsage);
  EXPECT_THAT(endless.diagnostics, HasSubstr("--follow"));
}

TEST_F(RecordTest, LogOnATerminal_IsColouredAndCutAndNothingInItSteers) {
  run_well({"init"});
  run_well({"ingest", session(event(1, cat("\"\x7F\xC2\x9B", std::string(500, 'x'), "\"")))});
  terminal_.stdout_is_tty = true;
  const std::string table = run({"log"}).text;
  EXPECT_THAT(table, HasSubstr("\x1b[2m"));
  EXPECT_THAT(table, Not(HasSubstr("\x7F")));
  EXPECT_THAT(table, Not(HasSubstr("\xC2\x9B")));
  EXPECT_THAT(table, Not(HasSubstr(std::string(200, 'x'))));
  terminal_.colour_allowed = false;
  EXPECT_THAT(run({"log"}).text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(run({"log", "--jsonl"}).text, Not(HasSubstr("\x7F")));
  terminal_.stdout_is_tty = false;
  EXPECT_THAT(run({"log", "--jsonl"}).text, HasSubstr("\x7F")) << "rows as they are";
}

TEST_F(RecordTest, Show_PrintsTheRecordAndReportsIt) {
  fill();
  const Outcome outcome = run({"show", id_of(2)});
  EXPECT_EQ(outcome.code, Code::kOk) << outcome.diagnostics;
  EXPECT_THAT(outcome.text, StartsWith(cat("event ", id_of(2), "\n{\n")));
  EXPECT_THAT(keys_of(outcome.report), ElementsAre("kind", "id", "record"));
}

TEST_F(RecordTest, ShowOnATerminal_NothingInTheRecordSteers) {
  run_well({"init"});
  run_well({"ingest", session(event(1, "\"\x7F\xC2\x9B 2J\""))});
  EXPECT_THAT(run({"show", id_of(1)}).text, HasSubstr("\x7F"));
  terminal_.stdout_is_tty = true;
  const std::string text = run({"show", id_of(1)}).text;
  EXPECT_THAT(text, Not(HasSubstr("\x7F")));
  EXPECT_THAT(text, Not(HasSubstr("\xC2\x9B")));
}

TEST_F(RecordTest, ShowThatFindsNothing_SaysWhyWithTheCodeOfTheReason) {
  fill();
  EXPECT_EQ(run({"show", "x"}).code, Code::kUsage);
  const Outcome outcome = run({"--json", "show", id_of(9)});
  EXPECT_EQ(outcome.code, Code::kPrecondition);
  EXPECT_TRUE(outcome.report.is_null());
  EXPECT_THAT(outcome.diagnostics, HasSubstr(id_of(9)));
}

}  // namespace
}  // namespace cortex::cli
