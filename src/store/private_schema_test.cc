#include "store/private_schema.h"

#include <gmock/gmock.h>

#include "store/schema_check.h"
#include "store/schema_query.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;

constexpr std::string_view kPrivateNames =
    "SELECT name FROM sqlite_schema WHERE name GLOB 'cortex_*' ORDER BY name";

class PrivateSchemaTest : public StoreTest {};

TEST_F(PrivateSchemaTest, CreatesItsObjectsOnceAndKeepsTheirRows) {
  migrate();
  ASSERT_TRUE(ensure_private_schema(db_).ok());
  EXPECT_THAT(text_column(db_, kPrivateNames).value(),
              IsSupersetOf({"cortex_embedding_content", "cortex_events_deleted",
                            "cortex_events_newer", "cortex_mirror", "cortex_mirror_conflicts",
                            "cortex_operations", "cortex_traces_newer"}));
  exec("INSERT INTO cortex_mirror VALUES (1, 10, 2, 'abc', NULL, 'now')");
  EXPECT_FALSE(db_.exec("INSERT INTO cortex_mirror VALUES (2, 10, 2, 'abc', NULL, 'now')").ok());
  ASSERT_TRUE(ensure_private_schema(db_).ok());
  EXPECT_EQ(db_.query_int("SELECT rows FROM cortex_mirror").value(), 2);
}

TEST_F(PrivateSchemaTest, EventThatIsThereAlready_IsNoErrorForOtherPrograms) {
  migrate();
  ASSERT_TRUE(ensure_private_schema(db_).ok());
  exec(kInsertEvent);
  exec(kInsertEvent);
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM events").value(), 1);
  std::string other = kInsertEvent;
  other.replace(other.find("'e1'"), 4, "'e2'");
  EXPECT_FALSE(db_.exec(other).ok()) << "the id of another row";
}

TEST_F(PrivateSchemaTest, DeletedEvent_MakesTheMirrorForgetHowFarItWas) {
  migrate();
  ASSERT_TRUE(ensure_private_schema(db_).ok());
  exec(kInsertEvent);
  exec("INSERT INTO cortex_mirror VALUES (1, 10, 1, 'abc', NULL, 'now')");
  exec("UPDATE events SET observed_at = 'later'");
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM cortex_mirror").value(), 1);
  exec("DELETE FROM events");
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM cortex_mirror").value(), 0);
}

TEST_F(PrivateSchemaTest, WritesNothingWhenComplete) {
  migrate();
  ASSERT_TRUE(ensure_private_schema(db_).ok());
  sqlite::Connection reader = sqlite::Connection::open(path_, sqlite::OpenMode::kReadOnly).value();
  EXPECT_TRUE(ensure_private_schema(reader).ok());
}

TEST_F(PrivateSchemaTest, BrokenStoreStillReachesTheSchemaCheck) {
  migrate();
  exec("DROP TABLE traces");
  exec("ALTER TABLE events DROP COLUMN schema_version");
  ASSERT_TRUE(ensure_private_schema(db_).ok());
  EXPECT_THAT(text_column(db_, kPrivateNames).value(),
              AllOf(IsSupersetOf({"cortex_events_deleted", "cortex_mirror"}),
                    Not(Contains("cortex_events_newer")), Not(Contains("cortex_traces_newer"))));
  EXPECT_EQ(check_schema(db_).value().size(), 2U);
}

TEST_F(PrivateSchemaTest, AddsNoMigrationName) {
  migrate();
  ASSERT_TRUE(ensure_private_schema(db_).ok());
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM _migrations").value(), 10);
}

}  // namespace
}  // namespace cortex::store
