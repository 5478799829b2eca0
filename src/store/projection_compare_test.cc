#include "store/projection_compare.h"

#include <gmock/gmock.h>

#include "store/private_schema.h"
#include "store/store_fixture.h"
#include "store/v2_fixture.h"

namespace cortex::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class ProjectionCompareTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    exec(kV1Rows);
    ASSERT_TRUE(apply_pending(rebuilt_).ok());
    ASSERT_TRUE(rebuilt_.exec(kV1Rows).ok());
    ASSERT_TRUE(ensure_private_schema(db_).ok());
    ASSERT_TRUE(ensure_private_schema(rebuilt_).ok());
  }
  TableComparison of(std::string_view table) {
    wrong_.clear();
    const auto all = compare_projection(
        db_, rebuilt_, {.on_wrong = [this](const ProjectedTable&, sqlite::Statement& row) {
          wrong_.emplace_back(row.column_text(0));
          return Status();
        }});
    for (const TableComparison& one : all.value()) {
      if (one.table == table) return one;
    }
    ADD_FAILURE() << table;
    return {};
  }

  sqlite::Connection rebuilt_ = sqlite::Connection::open_temporary().value();
  std::vector<std::string> wrong_;
};

TEST_F(ProjectionCompareTest, EqualStores_AreAccountedFor) {
  const TableComparison memories = of("memories");
  EXPECT_EQ(memories.accounted, 2U);
  EXPECT_TRUE(memories.holds());
  EXPECT_EQ(memories.unaccounted, 0U);
  EXPECT_THAT(wrong_, IsEmpty());
}

TEST_F(ProjectionCompareTest, EachKindOfDifference_IsCounted) {
  exec("UPDATE memories SET claim = 'another one' WHERE id LIKE '%1'");
  exec("DELETE FROM memories WHERE id LIKE '%2'");
  exec(
      "INSERT INTO memories SELECT 'mem_a', memory_type, status, claim, source_episodes_json,"
      " source_events_json, domains_json, salience_json, confidence, authority,"
      " applies_when_json, does_not_apply_when_json, created_at, updated_at, NULL, NULL, NULL,"
      " NULL, NULL, NULL, NULL FROM memories");
  const TableComparison memories = of("memories");
  EXPECT_EQ(memories.accounted, 0U);
  EXPECT_EQ(memories.differing, 1U);
  EXPECT_EQ(memories.missing, 1U);
  EXPECT_EQ(memories.unaccounted, 1U);
  EXPECT_EQ(memories.first_wrong, "mem_01JB0000000000000000000001");
  EXPECT_THAT(wrong_,
              ElementsAre("mem_01JB0000000000000000000001", "mem_01JB0000000000000000000002"));
}

TEST_F(ProjectionCompareTest, ValuesOfAnotherType_Differ) {
  exec("UPDATE memories SET validation_epoch = 0 WHERE id LIKE '%1'");
  EXPECT_EQ(of("memories").differing, 1U);
}

TEST_F(ProjectionCompareTest, KeysOfSeveralColumns_AreCompared) {
  for (sqlite::Connection* db : {&db_, &rebuilt_}) {
    ASSERT_TRUE(db->exec("INSERT INTO authority_key_timeline VALUES ('k', 'p', 'active', 't', NULL,"
                         " NULL), ('k', 'p', 'retired', 't', NULL, NULL)")
                    .ok());
  }
  exec("DELETE FROM authority_key_timeline WHERE state = 'active'");
  const TableComparison keys = of("authority_key_timeline");
  EXPECT_EQ(keys.accounted, 1U);
  EXPECT_EQ(keys.missing, 1U);
  EXPECT_EQ(keys.first_wrong, "k t active");
}

TEST_F(ProjectionCompareTest, EveryTableOfTheSchema_IsProjectedOrKnownNotToBe) {
  // Rows of these come from elsewhere: the mirror, vectors that are made again, bookkeeping.
  std::vector<std::string> others = {"_migrations", "events", "memory_embeddings"};
  for (const ProjectedTable& table : projected_tables()) {
    if (!table.name.starts_with("cortex_")) others.emplace_back(table.name);
  }
  std::ranges::sort(others);
  auto names = db_.prepare(
                      "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type ="
                      " 'table' AND name NOT GLOB 'cortex_*' AND name NOT GLOB 'sqlite_*'"
                      " ORDER BY name")
                   .value();
  std::vector<std::string> all;
  while (names.step().value()) all.emplace_back(names.column_text(0));
  EXPECT_EQ(all, others);
}

}  // namespace
}  // namespace cortex::store
