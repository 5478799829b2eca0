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
  std::uint64_t replaced(std::string_view text, std::string_view instead) {
    const auto report = scrub_text(
        db_, {.text = text, .text_in_json = text, .instead = instead, .instead_in_json = instead});
    EXPECT_TRUE(report.ok()) << report.error().message;
    return report.ok() ? report->values : 0;
  }
};

// Each follows the row by itself: no value of it is one of the store's.
TEST_F(ScrubTest, TablesThatFollowOthersAreNotCounted) {
  EXPECT_EQ(replaced("mem_1", "mem_9"), 1U);
  EXPECT_THAT(text_column(db_, "SELECT memory_id FROM cortex_memories_untold").value(),
              ElementsAre("mem_9"));
  EXPECT_THAT(text_column(db_, "SELECT memory_id FROM cortex_memory_tags").value(),
              ElementsAre("mem_9"));
  for (const std::string& name : followed_table_names()) {
    EXPECT_TRUE(object_exists(db_, "table", name).value()) << name;
  }
}

}  // namespace
}  // namespace cortex::store
