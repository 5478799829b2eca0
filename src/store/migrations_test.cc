#include "store/migrations.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "store/schema_check.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::MatchesRegex;

class MigrationsTest : public StoreTest {};

TEST_F(MigrationsTest, FreshFileGetsAllNamesInOrder) {
  EXPECT_THAT(pending(db_).value(), ElementsAreArray(kMigrationNames));
  EXPECT_THAT(apply_pending(db_).value(), ElementsAreArray(kMigrationNames));
  EXPECT_THAT(pending(db_).value(), IsEmpty());
  EXPECT_EQ(db_.query_text("PRAGMA journal_mode").value(), "wal");
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM _migrations").value(), 10);
  EXPECT_THAT(db_.query_text("SELECT applied_at FROM _migrations LIMIT 1").value(),
              MatchesRegex("....-..-..T..:..:..[.]...Z"));
}

TEST_F(MigrationsTest, SecondRunAppliesAndWritesNothing) {
  migrate();
  const auto version = db_.query_int("PRAGMA data_version").value();
  sqlite::Connection other = create(path_);
  EXPECT_THAT(apply_pending(other).value(), IsEmpty());
  EXPECT_EQ(db_.query_int("PRAGMA data_version").value(), version);
}

// A writer that died between the schema change and its bookkeeping row.
class LostRow : public StoreTest, public testing::WithParamInterface<std::string_view> {};

TEST_P(LostRow, IsHealedWithoutLosingData) {
  migrate();
  exec(kInsertEvent);
  exec(kInsertMemory);
  exec(cat("DELETE FROM _migrations WHERE name = '", GetParam(), "'"));
  EXPECT_THAT(pending(db_).value(), ElementsAre(std::string(GetParam())));
  EXPECT_THAT(apply_pending(db_).value(), ElementsAre(std::string(GetParam())));
  EXPECT_THAT(check_schema(db_).value(), IsEmpty());
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM events").value(), 1);
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM memories_fts").value(), 1);
}

INSTANTIATE_TEST_SUITE_P(Every, LostRow, testing::ValuesIn(kMigrationNames),
                         [](const auto& row) { return std::string(row.param); });

TEST_F(MigrationsTest, HalfAppliedMigrationIsCompleted) {
  migrate();
  exec("DROP TABLE context_packs");
  exec("DROP TABLE audit_records");
  exec("ALTER TABLE doctrine DROP COLUMN composed_policy_decision_json");
  exec("DELETE FROM _migrations");
  ASSERT_TRUE(apply_pending(db_).ok());
  EXPECT_THAT(check_schema(db_).value(), IsEmpty());
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM pragma_table_info('doctrine')"
                          " WHERE name = 'composed_policy_decision_json'")
                .value(),
            1);
}

TEST_F(MigrationsTest, AllBookkeepingLostIsHealed) {
  migrate();
  exec("DROP TABLE _migrations");
  EXPECT_EQ(apply_pending(db_).value().size(), 10U);
  EXPECT_THAT(check_schema(db_).value(), IsEmpty());
}

TEST_F(MigrationsTest, MemoriesOlderThanTheFullTextIndexAreBackfilled) {
  migrate();
  exec(kInsertMemory);
  exec("DELETE FROM memories_fts");
  exec("DELETE FROM _migrations WHERE name = '006_fts5_memories'");
  ASSERT_TRUE(apply_pending(db_).ok());
  EXPECT_EQ(
      db_.query_text("SELECT memory_id FROM memories_fts WHERE memories_fts MATCH 'water'").value(),
      "mem_1");
}

TEST_F(MigrationsTest, FailedMigrationLeavesNoTraceAndSaysWhich) {
  // Migration 006 cannot create its triggers on a view.
  migrate();
  exec("DROP TABLE memories");
  exec("DROP TABLE memories_fts");
  exec("CREATE VIEW memories AS SELECT 1 AS id, 2 AS claim, 3 AS domains_json");
  exec("DELETE FROM _migrations WHERE name = '006_fts5_memories'");
  const auto applied = apply_pending(db_);
  ASSERT_FALSE(applied.ok());
  EXPECT_EQ(applied.error().code, Code::kInternal);
  EXPECT_NE(applied.error().message.find("006_fts5_memories"), std::string::npos);
  EXPECT_FALSE(db_.in_transaction());
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM sqlite_schema WHERE name = 'memories_fts'").value(),
            0);
}

TEST_F(MigrationsTest, LifecycleTriggersRefuseUnknownStates) {
  migrate();
  exec(kInsertMemory);
  const Status updated = db_.exec("UPDATE memories SET status = 'bogus'");
  ASSERT_FALSE(updated.ok());
  EXPECT_NE(updated.error().message.find("invalid lifecycle_state"), std::string::npos);
  for (const char* state :
       {"candidate", "active", "rejected", "superseded", "pending_mcp_commit"}) {
    exec(cat("UPDATE memories SET status = '", std::string_view(state), "'"));
  }
}

TEST_F(MigrationsTest, FullTextRowsFollowTheMemory) {
  migrate();
  exec(kInsertMemory);
  exec("UPDATE memories SET claim = 'stone is hard'");
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM memories_fts").value(), 1);
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM memories_fts('STONE')").value(), 1);
  exec("DELETE FROM memories");
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM memories_fts").value(), 0);
}

}  // namespace
}  // namespace cortex::store
