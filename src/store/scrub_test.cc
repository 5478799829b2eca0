#include "store/scrub.h"

#include <gmock/gmock.h>

#include "store/followed_tables.h"
#include "store/private_schema.h"
#include "store/schema_query.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::ElementsAre;

class ScrubTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    ASSERT_TRUE(ensure_private_schema(db_).ok());
    exec(kInsertMemory);
  }
  std::uint64_t replaced(std::string text) {
    const auto report = scrub_text(db_, ledger::Eraser(std::move(text)));
    EXPECT_TRUE(report.ok()) << report.error().message;
    return report.ok() ? report->values : 0;
  }
};

// Each follows the row by itself: no value of it is one of the store's.
TEST_F(ScrubTest, TablesThatFollowOthersAreNotCounted) {
  EXPECT_EQ(replaced("x"), 1U);
  EXPECT_THAT(text_column(db_, "SELECT tag FROM cortex_memory_tags").value(),
              ElementsAre("[erased]"));
  for (const std::string& name : followed_table_names()) {
    EXPECT_TRUE(object_exists(db_, "table", name).value()) << name;
  }
}

// What somebody said may be what a column says of its row, or what a migration is called.
TEST_F(ScrubTest, WordsOfTheStore_AreNoText) {
  for (const char* word : {"semantic", "active", "user", "mem_1", "now", "001_initial",
                           "cortex_memory_history", "domains_json"}) {
    EXPECT_EQ(replaced(word), 0U) << word;
  }
  const auto names = text_column(db_, "SELECT name FROM _migrations ORDER BY name").value();
  ASSERT_FALSE(names.empty());
  EXPECT_EQ(replaced(names.back()), 0U) << names.back();
}

// A text of JSON is that of its strings: "\n" and what follows it is not one of their letters.
TEST_F(ScrubTest, JsonStaysJson) {
  exec(R"(UPDATE memories SET domains_json = '["a\nice weather today","nice weather today"]')");
  EXPECT_EQ(replaced("nice weather today"), 1U);
  EXPECT_THAT(text_column(db_, "SELECT domains_json FROM memories").value(),
              ElementsAre(R"(["a\nice weather today","[erased]"])"));
}

}  // namespace
}  // namespace cortex::store
