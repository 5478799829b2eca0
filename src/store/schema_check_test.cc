#include "store/schema_check.h"

#include <algorithm>

#include <gmock/gmock.h>

#include "base/limits.h"
#include "base/text.h"
#include "store/private_schema.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SchemaCheckTest : public StoreTest {
 protected:
  void SetUp() override { migrate(); }
  std::vector<std::string> invariants() {
    std::vector<std::string> out;
    for (const SchemaFailure& failure : check_schema(db_).value()) {
      out.push_back(failure.invariant);
      EXPECT_FALSE(failure.detail.empty());
    }
    return out;
  }
};

TEST_F(SchemaCheckTest, MigratedStoreIsFineWithAndWithoutPrivateSchema) {
  EXPECT_THAT(invariants(), IsEmpty());
  ASSERT_TRUE(ensure_private_schema(db_).ok());
  EXPECT_THAT(invariants(), IsEmpty());
  EXPECT_EQ(checked_tables().size(), 15U);
  EXPECT_TRUE(std::ranges::is_sorted(checked_tables()));
}

TEST_F(SchemaCheckTest, EmptyFileLacksEveryCheckedTable) {
  sqlite::Connection empty = create(folder_ / "empty.db");
  const auto failures = check_schema(empty).value();
  ASSERT_EQ(failures.size(), 15U);
  for (std::size_t i = 0; i < failures.size(); ++i) {
    EXPECT_EQ(failures[i].invariant, cat("schema_shape.", checked_tables()[i], ".exists"));
  }
}

TEST_F(SchemaCheckTest, FailuresComeInTheDocumentedOrder) {
  exec("DROP TABLE context_packs");
  exec("ALTER TABLE memories DROP COLUMN blessed_until");
  exec("ALTER TABLE memories DROP COLUMN first_used_at");
  exec("INSERT INTO _migrations (name) VALUES ('zz_last'), ('011_doctrine_status')");
  exec(kInsertEvent);
  exec("UPDATE events SET schema_version = 3");
  exec(
      "INSERT INTO traces VALUES ('trc_b', 9, 'now', NULL, 'x', 'open'),"
      " ('trc_a', 4, 'now', NULL, 'x', 'open'), ('trc_c', 2, 'now', NULL, 'x', 'open')");
  EXPECT_THAT(
      invariants(),
      ElementsAre("schema_shape.context_packs.exists", "schema_shape.memories.first_used_at.exists",
                  "schema_shape.memories.blessed_until.exists", "schema_migration.known_to_code",
                  "schema_migration.known_to_code", "schema_version.events.matches_code",
                  "schema_version.traces.matches_code", "schema_version.traces.matches_code"));
  const auto failures = check_schema(db_).value();
  EXPECT_THAT(failures[3].detail, HasSubstr("011_doctrine_status"));
  EXPECT_THAT(failures[6].detail, HasSubstr("trc_a"));
  EXPECT_THAT(failures[7].detail, HasSubstr("trc_b"));
}

TEST_F(SchemaCheckTest, OptionalColumnExtraObjectsAndOldRowsAreTolerated) {
  exec("ALTER TABLE doctrine DROP COLUMN composed_policy_decision_json");
  exec("ALTER TABLE events ADD COLUMN extra TEXT");
  exec("CREATE TABLE other(x)");
  exec("DROP TABLE memory_embeddings");
  exec(kInsertEvent);
  exec("UPDATE events SET schema_version = 1");
  EXPECT_THAT(invariants(), IsEmpty());
}

TEST_F(SchemaCheckTest, NewerRowsAreFoundThroughThePrivateIndex) {
  ASSERT_TRUE(ensure_private_schema(db_).ok());
  for (const std::string_view table : {"events", "traces"}) {
    auto plan = db_.prepare(cat("EXPLAIN QUERY PLAN SELECT id, schema_version FROM ", table,
                                " WHERE schema_version > 2 ORDER BY id"))
                    .value();
    ASSERT_TRUE(plan.step().value());
    EXPECT_THAT(std::string(plan.column_text(3)), HasSubstr(cat("cortex_", table, "_newer")));
    EXPECT_FALSE(plan.step().value());  // no sort
  }
}

TEST_F(SchemaCheckTest, FloodOfNewerRowsIsCountedButNotListed) {
  exec(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)"
      " INSERT INTO traces SELECT printf('trc_%05d', i), 3, 'now', NULL, 'x', 'open' FROM n");
  const auto failures = check_schema(db_).value();
  ASSERT_EQ(failures.size(), limits::kFailuresShownMax);
  EXPECT_THAT(failures.back().detail, HasSubstr("and 500 more"));
}

TEST_F(SchemaCheckTest, ViewIsNotATable) {
  exec("DROP TABLE traces");
  exec("CREATE VIEW traces AS SELECT 1 AS id, 9 AS schema_version");
  EXPECT_THAT(invariants(), ElementsAre("schema_shape.traces.exists"));
}

}  // namespace
}  // namespace cortex::store
