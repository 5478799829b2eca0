#include "app/rebuild.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "app/audit.h"
#include "app/memory_contradictions.h"
#include "app/memory_lifecycle.h"
#include "app/memory_note.h"
#include "app/memory_use.h"
#include "app/migrate.h"
#include "app/open_store.h"
#include "store/schema_query.h"

namespace cortex::app {
namespace {

using testing::HasSubstr;
using testing::Not;

class RebuildTest : public AppTest {
 protected:
  void SetUp() override {
    append(1, 5);
    ASSERT_TRUE(open_store(services_, layout_).ok());
    Environment allowed;
    allowed.vars["CORTEX_DRILL_ALLOW_SEED_OPERATOR"] = "1";
    ASSERT_TRUE(seed_drill_operator(services_, allowed, {layout_, "op", "", {}}).ok());
  }
  VerifyReport verify(bool strict = false) {
    VerifyRequest request;
    request.layout = layout_;
    request.mirror = true;
    request.strict = strict;
    return audit_verify(services_, request);
  }
  void expect_broken(std::string_view says) {
    const VerifyReport report = verify();
    EXPECT_EQ(report.code, Code::kIntegrity) << says;
    ASSERT_TRUE(report.error) << says;
    EXPECT_THAT(report.error->message, HasSubstr(std::string(says)));
  }
  RebuildReport rebuild() {
    auto report = rebuild_from_ledger(services_, layout_);
    EXPECT_TRUE(report.ok()) << report.error().text();
    return std::move(report).value();
  }
};

TEST_F(RebuildTest, StoreOfItsLedger_IsAccountedFor) {
  EXPECT_EQ(verify(true).code, Code::kOk);
  const RebuildReport report = rebuild();
  EXPECT_EQ(report.rows_from_ledger + report.rows_removed, 0U);
  EXPECT_EQ(count("events"), 6);  // nothing was to be done, so no operation was recorded
}

TEST_F(RebuildTest, EventThatWasChanged_IsFoundAndMended) {
  exec(cat("UPDATE events SET payload_json = '{\"n\":99}' WHERE id = '", id_of(1), "'"));
  expect_broken("1 event of the store unlike the ledger's");
  const RebuildReport report = rebuild();
  EXPECT_EQ(report.rows_from_ledger, 1U);
  EXPECT_EQ(verify(true).code, Code::kOk);
  EXPECT_EQ(kind_of(report.copy_path), fs::Kind::kFile);
  EXPECT_EQ(fs_.stat(report.copy_path)->mode, 0600U);
  EXPECT_EQ(count("events"), 7);  // and the repair itself
}

TEST_F(RebuildTest, EventThatIsNotInTheLedger_IsTakenOutAndKept) {
  exec(
      "INSERT INTO events SELECT 'evt_01JB0000000000000000000099', schema_version, observed_at,"
      " recorded_at, source_json, event_type, trace_id, session_id, domain_tags_json,"
      " payload_json, payload_hash, prev_event_hash, 'other', NULL FROM events LIMIT 1");
  expect_broken("1 event of the store that the ledger does not hold");
  EXPECT_EQ(rebuild().rows_removed, 1U);
  EXPECT_EQ(count("cortex_mirror_conflicts"), 1);
  EXPECT_EQ(verify(true).code, Code::kOk);
}

TEST_F(RebuildTest, DerivedRowThatWasChangedOrDeleted_IsFoundAndMended) {
  exec("UPDATE authority_principal_timeline SET trust_tier = 'untrusted'");
  exec("DELETE FROM authority_key_timeline");
  expect_broken("1 row unlike and 1 row short");
  rebuild();
  EXPECT_EQ(verify(true).code, Code::kOk);
  EXPECT_EQ(count("authority_key_timeline"), 1);
}

TEST_F(RebuildTest, RowsThatNoOperationMade_StayAndAreToldOnlyWhenStrict) {
  exec(
      "INSERT INTO authority_principal_timeline(principal_id, trust_tier, effective_at)"
      " VALUES('old', 'verified', '2020-01-01T00:00:00+00:00')");
  EXPECT_EQ(verify().code, Code::kOk);
  EXPECT_EQ(verify(true).code, Code::kIntegrity);
  rebuild();
  EXPECT_EQ(count("authority_principal_timeline"), 2);
}

TEST_F(RebuildTest, FailedOperation_IsToldAndTriedAgain) {
  exec("UPDATE cortex_operations SET outcome = 'failed', detail = 'no room'");
  exec("DELETE FROM authority_key_timeline; DELETE FROM authority_principal_timeline");
  EXPECT_EQ(verify().code, Code::kIntegrity);
  EXPECT_EQ(rebuild().operations.failed, 0U);
  EXPECT_EQ(verify(true).code, Code::kOk);
}

// The store was lost, and an older copy or a new one put in its place.
TEST_F(RebuildTest, StoreThatLags_GetsHistoryOutcomesAndPrecedenceToo) {
  const auto noted = [this](std::string claim) {
    return note(services_, layout_, {}, {.claim = std::move(claim), .domains = {}})->memory_id;
  };
  const std::string left = noted("the office is in Bern");
  const std::string before = get(db_);
  const std::string right = noted("the office is in Basel");
  const auto open = add_contradiction(services_, layout_, {}, left, right, "place", "");
  ASSERT_TRUE(open.ok()) << open.error().text();
  ASSERT_TRUE(
      resolve_contradiction(services_, layout_, {}, open->contradiction.id, "it moved", right)
          .ok());
  ASSERT_TRUE(record_outcome(services_, layout_, {},
                             {.memory_id = right, .session = "s", .result = "helpful"})
                  .ok());
  ASSERT_TRUE(reject_memory(services_, layout_, {}, left, "it moved").ok());
  const auto facts = [this] {
    sqlite::Connection db = connect();
    const auto of = [&db](std::string_view sql) { return store::text_column(db, sql).value(); };
    return std::vector{
        of("SELECT memory_id || operation || status FROM cortex_memory_history ORDER BY seq"),
        of("SELECT event_id || result FROM cortex_outcomes"),
        of("SELECT winner || reason FROM cortex_precedence"),
        of("SELECT event_id || outcome FROM cortex_operations WHERE name <> 'doctor.repair'")};
  };
  const auto all = facts();
  put(db_, before);
  rebuild();
  EXPECT_EQ(facts(), all);
  EXPECT_EQ(verify(true).code, Code::kOk);
  put(db_, "");
  rebuild();
  EXPECT_EQ(facts(), all);
  EXPECT_EQ(verify(true).code, Code::kOk);
}

// Its place in the ledger says what came last, not when it was written down again.
TEST_F(RebuildTest, HistoryThatWasTakenOut_IsFoundAndPutBackWhereItWas) {
  const auto noted =
      note(services_, layout_, {}, {.claim = "the office is in Bern", .domains = {}});
  ASSERT_TRUE(noted.ok()) << noted.error().text();
  ASSERT_TRUE(change_tag(services_, layout_, {}, true, noted->memory_id, "place").ok());
  ASSERT_TRUE(reject_memory(services_, layout_, {}, noted->memory_id, "it moved").ok());
  exec("DELETE FROM cortex_memory_history WHERE operation = 'memory.tag.add'");
  expect_broken("1 row short");
  rebuild();
  sqlite::Connection db = connect();
  EXPECT_THAT(
      store::text_column(db, "SELECT operation FROM cortex_memory_history ORDER BY seq").value(),
      testing::ElementsAre("memory.note", "memory.tag.add", "memory.reject"));
  EXPECT_EQ(verify(true).code, Code::kOk);
}

TEST_F(RebuildTest, LaggingStore_IsNoDifference) {
  append(6, 2);
  EXPECT_EQ(verify().code, Code::kOk);
  EXPECT_EQ(verify(true).code, Code::kIntegrity);
}

TEST_F(RebuildTest, StoreThatLacksAColumn_SaysThat) {
  exec("ALTER TABLE outcome_memory_relations DROP COLUMN evidence_ref");
  const VerifyReport report = verify();
  EXPECT_EQ(report.code, Code::kPrecondition);
  EXPECT_THAT(report.error->message, HasSubstr("schema_shape.outcome_memory_relations"));
  EXPECT_THAT(report.error->next, HasSubstr("cortex doctor"));
}

TEST_F(RebuildTest, BrokenLedger_IsNoSource) {
  std::string text = get(log_);
  text.replace(text.find("\"n\":2"), 5, "\"n\":3");
  put(log_, text);
  const std::string before = get(db_);
  const auto report = rebuild_from_ledger(services_, layout_);
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().code, Code::kIntegrity);
  EXPECT_EQ(get(db_), before);
}

// Its temporary files are full from some moment on.
class FullDraftFs final : public fs::ForwardFs {
 public:
  Status rename_no_replace(const std::string& from, const std::string& to) override {
    if (!from.ends_with(".repair-draft")) return ForwardFs::rename_no_replace(from, to);
    return make_error(Code::kInternal, "no rename");
  }
};

TEST_F(RebuildTest, CopyThatIsNotComplete_HasNoNameAndIsNotLeft) {
  exec(cat("UPDATE events SET payload_json = '{\"n\":99}' WHERE id = '", id_of(1), "'"));
  const FolderState before = state_of(live_);
  FullDraftFs full;
  Services hindered{full, clock_, random_};
  const auto refused = rebuild_from_ledger(hindered, layout_);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().unchanged, "the store was not changed");
  EXPECT_EQ(state_of(live_), before);

  put(db_ + ".repair-draft", "half of a copy");  // what a killed run left
  put(db_ + ".repair-draft-journal", "of it");
  EXPECT_EQ(rebuild().rows_from_ledger, 1U);
  for (const std::string& name : names_in(live_)) EXPECT_THAT(name, Not(HasSubstr("draft")));
  EXPECT_EQ(verify(true).code, Code::kOk);
}

TEST_F(RebuildTest, MissingStore_IsAPrecondition) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    static_cast<void>(fs_.remove_file(db_ + suffix).ok());  // the sidecars may be gone already
  }
  EXPECT_EQ(verify().code, Code::kPrecondition);
}

}  // namespace
}  // namespace cortex::app
