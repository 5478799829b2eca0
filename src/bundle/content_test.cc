#include "bundle/content.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "bundle/deployment_fixture.h"
#include "store/store_fixture.h"

namespace cortex::bundle {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class ContentTest : public DeploymentTest {
 protected:
  Result<ContentReport> verify(bool with_store = true) {
    auto ledger = fs_.open(log_, fs::Open::kRead).value();
    std::optional<sqlite::Connection> db, again;
    if (with_store) {
      db = sqlite::Connection::open(db_, sqlite::OpenMode::kImmutable).value();
      again = sqlite::Connection::open(db_, sqlite::OpenMode::kImmutable).value();
    }
    seen_.clear();
    ContentInputs inputs{*ledger, ledger->info()->size_bytes, db ? &*db : nullptr};
    if (again) inputs.mirrors = {&*again};
    inputs.on_ledger_block = [this](std::string_view block) -> Status {
      seen_ += block;
      return {};
    };
    return verify_content(inputs);
  }

  std::string seen_;  // what was handed to the block function
};

TEST_F(ContentTest, SoundPair_IsCountedAndHasNoProblems) {
  fill(5);
  exec(store::kInsertMemory);
  const auto report = verify();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_EQ(report->ledger_rows, 5U);
  EXPECT_EQ(report->mirror.equal, 5U);
  EXPECT_EQ(report->counts, (store::TableCounts{.events = 5, .memories = 1}));
  EXPECT_EQ(seen_, get(log_));
}

TEST_F(ContentTest, WithoutAStore_EveryRowLags) {
  append(1, 3);
  const auto report = verify(false);
  ASSERT_TRUE(report.ok());
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_EQ(report->mirror.lagging, 3U);
  EXPECT_EQ(report->counts, store::TableCounts{});
}

TEST_F(ContentTest, LaggingDifferingAndForeignRows_AreCountedAndNoProblem) {
  fill(4);
  exec("UPDATE events SET session_id = 'other' WHERE id = '" + id_of(2) + "'");
  exec(store::kInsertEvent);
  append(5, 3);
  const auto report = verify();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_THAT(report->problems, IsEmpty());
  EXPECT_EQ(report->mirror.equal, 3U);
  EXPECT_EQ(report->mirror.differing, 1U);
  EXPECT_EQ(report->mirror.lagging, 3U);
  EXPECT_EQ(report->mirror.foreign, 1U);
}

TEST_F(ContentTest, EveryMirroredColumn_IsCompared) {
  for (const char* change :
       {"schema_version = 1", "observed_at = 'x'", "recorded_at = 'x'", "source_json = '{}'",
        "event_type = 'x'", "trace_id = 'x'", "session_id = 'x'", "domain_tags_json = '[1]'",
        "payload_json = '{}'", "payload_hash = 'x'", "prev_event_hash = 'x'", "event_hash = 'x'"}) {
    put(db_, "");
    put(log_, "");
    fill(1);
    exec(cat("UPDATE events SET ", change));
    const auto report = verify();
    ASSERT_TRUE(report.ok()) << report.error().text();
    EXPECT_EQ(report->mirror.differing, 1U) << change;
    EXPECT_EQ(report->mirror.equal, 0U) << change;
  }
}

TEST_F(ContentTest, BrokenRow_IsAProblemAndStillCompared) {
  fill(3);
  break_chain(2);
  const auto report = verify();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_THAT(report->problems, ElementsAre(HasSubstr("the first one in row 2")));
  EXPECT_GT(report->ledger_failures, 0U);
  EXPECT_EQ(report->mirror.equal, 2U);
  EXPECT_EQ(report->mirror.differing, 1U);
}

TEST_F(ContentTest, LineThatIsNoRow_IsAChainError) {
  fill(2);
  put(log_, cat("no row\n", get(log_)));
  EXPECT_EQ(code_of(verify()), Code::kChain);
}

TEST_F(ContentTest, MirrorThatSaysMoreThanTheLedgerHolds_IsAProblem) {
  fill(3);
  const std::string text = get(log_);
  put(log_, text.substr(0, text.find('\n') + 1));
  const auto report = verify();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_THAT(report->problems, ElementsAre(StartsWith("mirror: ")));
  EXPECT_EQ(report->mirror.foreign, 2U);
}

TEST_F(ContentTest, FindingsOfTheDeepCheck_AreProblemsOfTheStore) {
  fill(2);
  exec(store::kInsertMemory);
  exec("DELETE FROM memories_fts");
  exec("PRAGMA foreign_keys = OFF; INSERT INTO trace_events VALUES ('trc_9', 'evt_9', 1)");
  const auto report = verify();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_THAT(report->problems, ElementsAre(StartsWith("store: foreign_key_check: "),
                                            StartsWith("store: foreign_key_check: "),
                                            StartsWith("store: fts_parity: ")));
}

TEST_F(ContentTest, StoreThatIsNoDatabase_IsAProblemAndTheLedgerIsStillRead) {
  append(1, 2);
  put(db_, std::string(8192, 'x'));
  const auto report = verify();
  ASSERT_TRUE(report.ok()) << report.error().text();
  EXPECT_FALSE(report->problems.empty());
  EXPECT_EQ(report->ledger_rows, 2U);
  EXPECT_EQ(report->mirror.lagging, 2U);
}

TEST_F(ContentTest, ReportSaysVerifiedOnlyWithoutProblems) {
  ContentReport report;
  EXPECT_EQ(*to_json(report).find("status")->as_string(), "verified");
  report.problems.emplace_back("x");
  EXPECT_EQ(*to_json(report).find("status")->as_string(), "failed");
  EXPECT_EQ(to_json(report).find("problems")->as_array()->size(), 1U);
}

}  // namespace
}  // namespace cortex::bundle
