#include "store/counts.h"

#include <gmock/gmock.h>

#include "store/private_schema.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::Contains;
using testing::Pair;

class CountsTest : public StoreTest {};

TEST_F(CountsTest, EmptyFileCountsNothing) {
  EXPECT_EQ(count_tables(db_).value(), TableCounts{});
  EXPECT_TRUE(count_all(db_).value().empty());
}

TEST_F(CountsTest, RowsAreCountedPerTable) {
  migrate();
  exec(kInsertEvent);
  exec(kInsertMemory);
  EXPECT_EQ(count_tables(db_).value(),
            (TableCounts{.events = 1, .traces = 0, .episodes = 0, .memories = 1}));
}

TEST_F(CountsTest, CountAllListsExactlyTheOrdinaryTables) {
  migrate();
  ASSERT_TRUE(ensure_private_schema(db_).ok());
  exec(kInsertMemory);
  const auto counts = count_all(db_).value();
  ASSERT_EQ(counts.size(), 19U);
  EXPECT_EQ(counts.front().first, "_migrations");
  EXPECT_THAT(counts, Contains(Pair("_migrations", 10U)));
  EXPECT_THAT(counts, Contains(Pair("memories", 1U)));
}

TEST_F(CountsTest, OddTableNameIsQuoted) {
  exec("CREATE TABLE \"a\"\"b; DROP\"(x); INSERT INTO \"a\"\"b; DROP\" VALUES (1)");
  EXPECT_THAT(count_all(db_).value(), testing::ElementsAre(Pair("a\"b; DROP", 1U)));
}

}  // namespace
}  // namespace cortex::store
