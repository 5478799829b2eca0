#include "store/followed_tables.h"

#include <gmock/gmock.h>

#include <string>

#include "store/memories.h"
#include "store/memory_tally.h"
#include "store/private_schema.h"
#include "store/schema_query.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::ElementsAre;

// As commit c0b8afc made them: other columns, other triggers under the same names,
// and two more.
constexpr const char* kEarlierTables = R"sql(CREATE TABLE IF NOT EXISTS cortex_memory_tags (
  tag TEXT NOT NULL,
  status TEXT NOT NULL,
  updated_at TEXT NOT NULL,
  memory_id TEXT NOT NULL,
  memory_row INTEGER NOT NULL,
  PRIMARY KEY (tag, status, updated_at DESC, memory_id)) WITHOUT ROWID;
DELETE FROM cortex_memory_tags;
INSERT OR IGNORE INTO cortex_memory_tags SELECT value, status, updated_at, memories.id,
  memories.rowid FROM memories, json_each(CASE WHEN json_valid(domains_json) THEN domains_json
  ELSE '[]' END) WHERE json_each.type = 'text';
CREATE TRIGGER IF NOT EXISTS cortex_memory_tags_added AFTER INSERT ON memories
  BEGIN
  INSERT OR IGNORE INTO cortex_memory_tags SELECT value, NEW.status, NEW.updated_at, NEW.id,
    NEW.rowid FROM json_each(CASE WHEN json_valid(NEW.domains_json) THEN NEW.domains_json
    ELSE '[]' END) WHERE type = 'text';
  END;
CREATE TRIGGER IF NOT EXISTS cortex_memory_tags_changed
  AFTER UPDATE OF id, status, updated_at, domains_json ON memories
  BEGIN
  DELETE FROM cortex_memory_tags WHERE tag IN (SELECT value FROM json_each(CASE WHEN
    json_valid(OLD.domains_json) THEN OLD.domains_json ELSE '[]' END) WHERE type = 'text')
    AND status = OLD.status AND updated_at = OLD.updated_at AND memory_id = OLD.id;
  INSERT OR IGNORE INTO cortex_memory_tags SELECT value, NEW.status, NEW.updated_at, NEW.id,
    NEW.rowid FROM json_each(CASE WHEN json_valid(NEW.domains_json) THEN NEW.domains_json
    ELSE '[]' END) WHERE type = 'text';
  END;
CREATE TRIGGER IF NOT EXISTS cortex_memory_tags_removed AFTER DELETE ON memories
  BEGIN
  DELETE FROM cortex_memory_tags WHERE tag IN (SELECT value FROM json_each(CASE WHEN
    json_valid(OLD.domains_json) THEN OLD.domains_json ELSE '[]' END) WHERE type = 'text')
    AND status = OLD.status AND updated_at = OLD.updated_at AND memory_id = OLD.id;
  END;
CREATE TABLE IF NOT EXISTS cortex_memory_tally (
  confidence INTEGER NOT NULL,
  created TEXT NOT NULL,
  uses INTEGER NOT NULL,
  unvalidated INTEGER NOT NULL,
  memories INTEGER NOT NULL,
  PRIMARY KEY (confidence, created, uses, unvalidated)) WITHOUT ROWID;
DELETE FROM cortex_memory_tally;
INSERT INTO cortex_memory_tally SELECT CAST(confidence * 100 AS INTEGER),
  substr(created_at, 1, 10),
  min(coalesce(cross_session_use_count, 0), 6),
  coalesce(validation_epoch, 0) = 0, count(*)
  FROM memories WHERE status = 'active' GROUP BY 1, 2, 3, 4;
CREATE TRIGGER IF NOT EXISTS cortex_memory_tally_added
  AFTER INSERT ON memories WHEN NEW.status = 'active'
  BEGIN
  INSERT INTO cortex_memory_tally SELECT CAST(NEW.confidence * 100 AS INTEGER),
    substr(NEW.created_at, 1, 10),
    min(coalesce(NEW.cross_session_use_count, 0), 6),
    coalesce(NEW.validation_epoch, 0) = 0, 0
    WHERE NOT EXISTS (SELECT 1 FROM cortex_memory_tally
      WHERE confidence = CAST(NEW.confidence * 100 AS INTEGER)
    AND created = substr(NEW.created_at, 1, 10)
    AND uses = min(coalesce(NEW.cross_session_use_count, 0), 6)
    AND unvalidated = (coalesce(NEW.validation_epoch, 0) = 0));
  UPDATE cortex_memory_tally SET memories = memories + 1
    WHERE confidence = CAST(NEW.confidence * 100 AS INTEGER)
    AND created = substr(NEW.created_at, 1, 10)
    AND uses = min(coalesce(NEW.cross_session_use_count, 0), 6)
    AND unvalidated = (coalesce(NEW.validation_epoch, 0) = 0);
  END;
CREATE TRIGGER IF NOT EXISTS cortex_memory_tally_left
  AFTER UPDATE OF id, status, confidence,
    created_at, validation_epoch, cross_session_use_count
  ON memories WHEN OLD.status = 'active'
  BEGIN
  UPDATE cortex_memory_tally SET memories = memories - 1
    WHERE confidence = CAST(OLD.confidence * 100 AS INTEGER)
    AND created = substr(OLD.created_at, 1, 10)
    AND uses = min(coalesce(OLD.cross_session_use_count, 0), 6)
    AND unvalidated = (coalesce(OLD.validation_epoch, 0) = 0);
  END;
CREATE TRIGGER IF NOT EXISTS cortex_memory_tally_came
  AFTER UPDATE OF id, status, confidence,
    created_at, validation_epoch, cross_session_use_count
  ON memories WHEN NEW.status = 'active'
  BEGIN
  INSERT INTO cortex_memory_tally SELECT CAST(NEW.confidence * 100 AS INTEGER),
    substr(NEW.created_at, 1, 10),
    min(coalesce(NEW.cross_session_use_count, 0), 6),
    coalesce(NEW.validation_epoch, 0) = 0, 0
    WHERE NOT EXISTS (SELECT 1 FROM cortex_memory_tally
      WHERE confidence = CAST(NEW.confidence * 100 AS INTEGER)
    AND created = substr(NEW.created_at, 1, 10)
    AND uses = min(coalesce(NEW.cross_session_use_count, 0), 6)
    AND unvalidated = (coalesce(NEW.validation_epoch, 0) = 0));
  UPDATE cortex_memory_tally SET memories = memories + 1
    WHERE confidence = CAST(NEW.confidence * 100 AS INTEGER)
    AND created = substr(NEW.created_at, 1, 10)
    AND uses = min(coalesce(NEW.cross_session_use_count, 0), 6)
    AND unvalidated = (coalesce(NEW.validation_epoch, 0) = 0);
  END;
CREATE TRIGGER IF NOT EXISTS cortex_memory_tally_removed
  AFTER DELETE ON memories WHEN OLD.status = 'active'
  BEGIN
  UPDATE cortex_memory_tally SET memories = memories - 1
    WHERE confidence = CAST(OLD.confidence * 100 AS INTEGER)
    AND created = substr(OLD.created_at, 1, 10)
    AND uses = min(coalesce(OLD.cross_session_use_count, 0), 6)
    AND unvalidated = (coalesce(OLD.validation_epoch, 0) = 0);
  END;
)sql";

class FollowedTablesTest : public StoreTest {
 protected:
  void SetUp() override { migrate(); }
  void make() { ASSERT_TRUE(ensure_private_schema(db_).ok()); }
  void expect_counts(std::uint64_t active, std::uint64_t tagged) {
    EXPECT_EQ(count_active(db_).value(), active);
    EXPECT_EQ(db_.query_int("SELECT count(*) FROM memories WHERE status = 'active'").value(),
              static_cast<std::int64_t>(active));
    EXPECT_EQ(count_memories(db_, {.statuses = {"active"}, .tags = {"x"}}).value(), tagged);
  }
  void change_all() {
    exec("UPDATE memories SET status = 'rejected'");
    expect_counts(0, 0);
    exec("UPDATE memories SET status = 'active', confidence = 0.7");
    expect_counts(1, 1);
    exec("DELETE FROM memories");
    expect_counts(0, 0);
    exec(kInsertMemory);
    expect_counts(1, 1);
  }
  std::vector<std::string> triggers() {
    return text_column(db_,
                       "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB"
                       " 'cortex_memory_ta*' ORDER BY name")
        .value();
  }
};

TEST_F(FollowedTablesTest, TablesOfAnEarlierVersionAreMadeAnewWithTheirTriggers) {
  exec(kEarlierTables);
  exec(kInsertMemory);
  EXPECT_FALSE(is_private_schema_complete(db_).value());
  make();
  EXPECT_TRUE(is_private_schema_complete(db_).value());
  EXPECT_THAT(triggers(),
              ElementsAre("cortex_memory_tags_added", "cortex_memory_tags_changed",
                          "cortex_memory_tags_removed", "cortex_memory_tally_added",
                          "cortex_memory_tally_changed", "cortex_memory_tally_removed"));
  EXPECT_THAT(column_names(db_, "cortex_memory_tags").value(),
              ElementsAre("tag", "status", "updated_at", "memory_id"));
  expect_counts(1, 1);
  change_all();
  const Status filled = refill_followed_tables(db_);
  ASSERT_TRUE(filled.ok()) << filled.error().message;
  expect_counts(1, 1);
}

TEST_F(FollowedTablesTest, AnEarlierVersionThatAddsItsTriggersAgainCountsNothingTwice) {
  make();
  exec(kInsertMemory);
  const std::string_view earlier = kEarlierTables;
  const std::size_t left = earlier.find("CREATE TRIGGER IF NOT EXISTS cortex_memory_tally_left");
  ASSERT_NE(left, std::string_view::npos);
  exec(std::string(earlier.substr(left)));
  exec("UPDATE memories SET confidence = 0.9");
  make();
  expect_counts(1, 1);
  change_all();
}

TEST_F(FollowedTablesTest, AnotherTriggerUnderTheSameNameIsReplaced) {
  make();
  exec("DROP TRIGGER cortex_memory_tags_added");
  exec("CREATE TRIGGER cortex_memory_tags_added AFTER INSERT ON memories BEGIN SELECT 1; END");
  exec(kInsertMemory);
  make();
  expect_counts(1, 1);
}

TEST_F(FollowedTablesTest, AreMadeOnce) {
  make();
  const std::string version = "PRAGMA schema_version";
  const std::int64_t before = db_.query_int(version).value();
  make();
  EXPECT_EQ(db_.query_int(version).value(), before);
}

}  // namespace
}  // namespace cortex::store
