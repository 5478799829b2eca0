#include "app/session_commit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/agent_memories.h"
#include "app/app_fixture.h"
#include "app/memory_lifecycle.h"
#include "app/memory_note.h"
#include "app/memory_read.h"
#include "app/open_store.h"
#include "app/operations.h"

namespace cortex::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kOne = "mem_01JM00000000000000000000P1";
constexpr const char* kTwo = "mem_01JM00000000000000000000P2";

class SessionCommitTest : public AppTest {
 protected:
  void SetUp() override {
    AppTest::SetUp();
    ASSERT_TRUE(perform(services_, layout_, {}, [](sqlite::Connection&) {
                  return Result<std::vector<store::Operation>>(std::vector<store::Operation>());
                }).ok());
    sqlite::Connection db = connect();
    for (const char* id : {kOne, kTwo}) {
      const Status added = db.exec(
          cat("INSERT INTO memories (id, memory_type, status, claim, source_episodes_json,"
              " source_events_json, domains_json, salience_json, confidence, authority,"
              " applies_when_json, does_not_apply_when_json, created_at, updated_at) VALUES ('",
              id,
              "', 'semantic', 'candidate', 'claim', '[]', '[\"evt_01JM00000000000000000000Q1\"]',"
              " '[\"d\"]', '{}', 0.5, 'candidate', '{}', '{}',"
              " '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00');"
              "UPDATE memories SET status = 'pending_mcp_commit' WHERE id = '",
              id, "'"));
      ASSERT_TRUE(added.ok()) << added.error().text();
    }
  }
  std::string statuses() {
    return connect()
        .query_text(
            "SELECT group_concat(status, ' ') FROM (SELECT status FROM memories"
            " ORDER BY id)")
        .value();
  }
};

TEST_F(SessionCommitTest, PendingIsHiddenUntilTheCommit) {
  EXPECT_EQ(list_for_agent(services_, layout_, {}).value().total, 0U);
  EXPECT_EQ(list_pending(services_, layout_, 10, 0).value().size(), 2U);
  const auto done = commit_pending(services_, layout_, {.caller = {.actor = "agent"}});
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_EQ(done->committed.size(), 2U);
  EXPECT_EQ(statuses(), "active active");
  EXPECT_EQ(list_for_agent(services_, layout_, {}).value().total, 2U);
  EXPECT_EQ(list_for_agent(services_, layout_, {.domains = {"other"}}).value().total, 0U);
  EXPECT_THAT(get(log_), HasSubstr(cat("\"receipt_id\":\"", done->receipt_id)));
  EXPECT_THAT(get(log_), HasSubstr("\"actor\":\"agent\""));
  EXPECT_EQ(connect().query_text("SELECT target_ref FROM audit_records").value(), done->receipt_id);
}

TEST_F(SessionCommitTest, NothingPending_WritesNothing) {
  ASSERT_TRUE(commit_pending(services_, layout_, {}).ok());
  const std::string before = get(log_);
  const auto again = commit_pending(services_, layout_, {});
  ASSERT_TRUE(again.ok());
  EXPECT_THAT(again->committed, IsEmpty());
  EXPECT_EQ(get(log_), before);
}

TEST_F(SessionCommitTest, NamedOnesOnly_AllOrNone) {
  const auto refused = commit_pending(services_, layout_,
                                      {.memory_ids = {{kOne, "mem_01JM00000000000000000000ZZ"}}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kPrecondition);
  EXPECT_EQ(statuses(), "pending_mcp_commit pending_mcp_commit");
  const auto bad = commit_pending(services_, layout_, {.memory_ids = {{"mem_x"}}});
  ASSERT_FALSE(bad.ok());
  EXPECT_EQ(bad.error().code, Code::kUsage);
  const auto done = commit_pending(services_, layout_, {.memory_ids = {{kTwo, kTwo}}});
  ASSERT_TRUE(done.ok()) << done.error().text();
  EXPECT_THAT(done->committed, ElementsAre(kTwo));
  EXPECT_EQ(statuses(), "pending_mcp_commit active");
}

TEST_F(SessionCommitTest, AStoreMadeFromTheLedgerAloneHasThem) {
  ASSERT_TRUE(commit_pending(services_, layout_, {}).ok());
  for (const char* sidecar : {"-wal", "-shm"}) {
    static_cast<void>(fs_.remove_file(db_ + sidecar).ok());  // they go with the connection
  }
  put(db_, "");
  ASSERT_TRUE(open_store(services_, layout_).ok());
  EXPECT_EQ(statuses(), "active active");
}

// From then on it is known to be active, also after it was rejected and brought back.
TEST_F(SessionCommitTest, TheCommitStandsInTheHistory) {
  NoteRequest request{.claim = "lunch is at noon", .domains = {"d"}, .pending = true};
  const auto noted = note(services_, layout_, {.caller = {.actor = "agent"}}, request);
  ASSERT_TRUE(noted.ok()) << noted.error().text();
  ASSERT_TRUE(commit_pending(services_, layout_, {.memory_ids = {{noted->memory_id}}}).ok());
  const auto then = list_memories(services_, layout_,
                                  {.tags = {}, .statuses = {}, .as_of = "2099-01-01T00:00:00Z"});
  ASSERT_TRUE(then.ok()) << then.error().text();
  ASSERT_EQ(then->rows.size(), 1U);
  EXPECT_EQ(then->rows[0].memory.id, noted->memory_id);
  EXPECT_EQ(then->rows[0].memory.status, "active");
  ASSERT_TRUE(reject_memory(services_, layout_, {}, noted->memory_id, "").ok());
  const auto back =
      restore_memory(services_, layout_, {}, noted->memory_id, "", store::ProofDepth::kHashes);
  ASSERT_TRUE(back.ok()) << back.error().text();
  EXPECT_EQ(back->to, "active");
}

TEST_F(SessionCommitTest, HealthCountsActiveOnes) {
  EXPECT_EQ(health_for_agent(services_, layout_).value().total, 0U);
  ASSERT_TRUE(commit_pending(services_, layout_, {}).ok());
  const AgentHealthReport report = health_for_agent(services_, layout_).value();
  EXPECT_EQ(report.total, 2U);
  EXPECT_EQ(report.unvalidated, 2U);
}

}  // namespace
}  // namespace cortex::app
