#include "store/memories.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "base/ulid.h"
#include "store/private_schema.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string id_of(std::uint64_t n) { return cat("mem_", Ulid{1, n}.text()); }

class MemoriesTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    ASSERT_TRUE(ensure_private_schema(db_).ok());
  }
  static Memory memory(std::uint64_t n, std::string status = "active",
                       std::vector<std::string> tags = {"a"}) {
    Memory row;
    row.id = id_of(n);
    row.type = "semantic";
    row.status = std::move(status);
    row.claim = cat("claim ", n);
    row.source_episodes = row.source_events = json::Array();
    row.domains = json::array_of(tags);
    row.salience = json::Object();
    row.confidence = 0.30000001192092896;
    row.authority = "user";
    row.created_at = "2026-01-01T00:00:00+00:00";
    row.updated_at = cat("2026-01-01T00:00:0", n % 10, "+00:00");
    return row;
  }
  void add(const Memory& row) { ASSERT_TRUE(insert_memory(db_, row).value()); }
  std::vector<std::string> claims(const MemoryFilter& filter) {
    std::vector<std::string> found;
    for (const Memory& row : page_of_memories(db_, filter).value().rows) {
      found.push_back(row.claim);
    }
    return found;
  }
};

TEST_F(MemoriesTest, RowComesBackAsItWentIn) {
  Memory row = memory(1);
  row.summary_spans = json::Array{1};
  row.cross_session_use_count = 7;
  row.first_used_at = row.last_cross_session_use_at = row.created_at;
  row.last_validation_at = row.blessed_until = row.created_at;
  row.validation_epoch = 2;
  add(row);
  const auto found = find_memory(db_, row.id).value();
  ASSERT_TRUE(found);
  EXPECT_EQ(json::write_compact(memory_to_json(*found)), json::write_compact(memory_to_json(row)));
  EXPECT_EQ(found->confidence, row.confidence);
  EXPECT_TRUE(found->validated());
  EXPECT_FALSE(insert_memory(db_, row).value());
  EXPECT_FALSE(find_memory(db_, id_of(2)).value());
}

TEST_F(MemoriesTest, RowOfAnOperation_SurvivesTheLedgersNumbers) {
  for (const double confidence : {0.0, 1.0, 0.25, 0.9, 0.30000001192092896, 0.1234567890123456}) {
    Memory row = memory(1);
    row.confidence = confidence;
    const auto text = json::canonical(memory_to_json(row));
    const auto back = memory_from_json(json::parse(text).value());
    ASSERT_TRUE(back.ok()) << back.error().text();
    EXPECT_EQ(back->confidence, confidence);
    EXPECT_EQ(json::canonical(memory_to_json(*back)), text);
  }
}

TEST_F(MemoriesTest, OperationWithoutAColumn_IsRefused) {
  json::Object whole = memory_to_json(memory(1));
  for (const auto& [key, value] : whole) {
    json::Object broken = whole;
    broken.set(key, true);
    if (key.ends_with("_json")) broken.erase(key);
    const bool optional = key == "summary_spans_json";
    EXPECT_EQ(memory_from_json(broken).ok(), optional) << key;
  }
  EXPECT_FALSE(memory_from_json(nullptr).ok());
}

TEST_F(MemoriesTest, Filter_StatusTagsAndIds) {
  add(memory(1, "active", {"a", "b"}));
  add(memory(2, "active", {"b"}));
  add(memory(3, "candidate", {"a"}));
  EXPECT_THAT(claims({}), ElementsAre("claim 3", "claim 2", "claim 1"));
  EXPECT_THAT(claims({.statuses = {"active"}}), ElementsAre("claim 2", "claim 1"));
  EXPECT_THAT(claims({.statuses = {"candidate", "rejected"}}), ElementsAre("claim 3"));
  EXPECT_THAT(claims({.tags = {"a", "b", "a"}}), ElementsAre("claim 1"));
  EXPECT_THAT(claims({.tags = {"A"}}), IsEmpty());
  EXPECT_THAT(claims({.ids = {{id_of(1), id_of(9)}}}), ElementsAre("claim 1"));
  EXPECT_THAT(claims({.ids = {std::vector<std::string>{}}}), IsEmpty());
  EXPECT_EQ(count_memories(db_, {.tags = {"a"}, .limit = 1}).value(), 2U);
}

TEST_F(MemoriesTest, Pages_MeetEveryRowOnce_EqualTimesIncluded) {
  for (std::uint64_t n = 0; n < 25; ++n) add(memory(n));
  for (std::uint64_t limit = 1; limit <= 26; ++limit) {
    MemoryFilter filter{.statuses = {"active"}, .limit = limit};
    std::vector<std::string> all;
    for (;;) {
      const MemoryPage page = page_of_memories(db_, filter).value();
      for (const Memory& row : page.rows) all.push_back(row.claim);
      if (!page.next) break;
      filter.after = page.next;
    }
    EXPECT_EQ(all, claims({.statuses = {"active"}})) << limit;
  }
  EXPECT_THAT(claims({.limit = 2, .offset = 24}), testing::SizeIs(1));
  EXPECT_THAT(claims({.offset = ~0ULL}), IsEmpty());
}

TEST_F(MemoriesTest, PageOfTheUsualOrder_IsReadFromTheIndex) {
  std::string plan;
  auto explain = db_.prepare(
      "EXPLAIN QUERY PLAN SELECT claim FROM memories WHERE 1 AND status = 'active'"
      " ORDER BY updated_at DESC, id LIMIT 20");
  while (explain->step().value()) plan += explain->column_text(3);
  EXPECT_THAT(plan, HasSubstr("cortex_memories_listed"));
  EXPECT_THAT(plan, testing::Not(HasSubstr("TEMP B-TREE")));
}

struct BadColumn {
  const char* sql;
  const char* column;
};

TEST_F(MemoriesTest, UnreadableRow_IsReportedAndTheRestIsRead) {
  for (const BadColumn& bad : {BadColumn{"id = 'mem_nope'", "id"},
                               {"created_at = 'yesterday'", "created_at"},
                               {"blessed_until = 'soon'", "blessed_until"},
                               {"domains_json = '[1e999]'", "domains_json"},
                               {"salience_json = '{'", "salience_json"},
                               {"summary_spans_json = '['", "summary_spans_json"},
                               {"claim = CAST(x'ff' AS TEXT)", "claim"}}) {
    exec("PRAGMA ignore_check_constraints = 1; DELETE FROM memories");
    add(memory(1));
    add(memory(2));
    exec(cat("UPDATE memories SET ", bad.sql, " WHERE claim = 'claim 2'"));
    const MemoryPage page = page_of_memories(db_, {.tags = {}}).value();
    ASSERT_EQ(page.rows.size(), 1U) << bad.sql;
    EXPECT_EQ(page.rows[0].claim, "claim 1");
    ASSERT_EQ(page.unreadable.size(), 1U) << bad.sql;
    EXPECT_EQ(page.unreadable[0].column, bad.column);
    EXPECT_TRUE(page_of_memories(db_, {.tags = {"a"}}).ok());
  }
}

TEST_F(MemoriesTest, OneUnreadableRow_IsAnErrorThatNamesTheColumn) {
  add(memory(1));
  exec("UPDATE memories SET updated_at = 'x'");
  const auto found = find_memory(db_, id_of(1));
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, Code::kInternal);
  EXPECT_THAT(found.error().message, HasSubstr("updated_at"));
}

TEST_F(MemoriesTest, Change_SetsWhatIsGivenAndNothingElse) {
  add(memory(1));
  EXPECT_TRUE(change_memory(db_, {.id = id_of(1), .status = "rejected"}).value());
  auto row = find_memory(db_, id_of(1)).value();
  EXPECT_EQ(row->status, "rejected");
  EXPECT_EQ(row->updated_at, memory(1).updated_at);
  const std::string later = "2027-01-01T00:00:00+00:00";
  EXPECT_TRUE(change_memory(db_, {.id = id_of(1), .domains = json::Array{"z"}, .updated_at = later})
                  .value());
  row = find_memory(db_, id_of(1)).value();
  EXPECT_THAT(row->tags(), ElementsAre("z"));
  EXPECT_EQ(row->updated_at, later);
  EXPECT_FALSE(change_memory(db_, {.id = id_of(2), .status = "active"}).value());
  EXPECT_FALSE(change_memory(db_, {.id = id_of(1), .status = "on fire"}).ok());
}

TEST_F(MemoriesTest, Tags_AreTheTextsAmongTheDomains) {
  add(memory(1));
  exec("UPDATE memories SET domains_json = '[\"x\",1,null,\"y\"]'");
  EXPECT_THAT(find_memory(db_, id_of(1)).value()->tags(), ElementsAre("x", "y"));
  exec("UPDATE memories SET domains_json = '\"x\"'");
  EXPECT_THAT(find_memory(db_, id_of(1)).value()->tags(), IsEmpty());
}

}  // namespace
}  // namespace cortex::store
