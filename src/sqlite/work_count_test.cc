#include "sqlite/work_count.h"

#include <gtest/gtest.h>

#include "sqlite/connection.h"

namespace cortex::sqlite {
namespace {

TEST(WorkCountTest, ScansAreToldFromLookUps) {
  WorkCount count;
  auto db = Connection::open_temporary();
  ASSERT_TRUE(db.ok());
  ASSERT_TRUE(db->exec("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t WITH n(i) AS"
                       " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT i, i FROM n")
                  .ok());
  count.reset();
  ASSERT_TRUE(db->query_int("SELECT count(*) FROM t WHERE v = '7'").ok());
  const Work scan = count.total();
  EXPECT_EQ(scan.statements, 1U);
  EXPECT_EQ(scan.scanned, 499U);
  count.reset();
  ASSERT_TRUE(db->query_int("SELECT count(*) FROM t WHERE id = 7").ok());
  const Work found = count.total();
  EXPECT_EQ(found.statements, 1U);
  EXPECT_EQ(found.scanned, 0U);
  EXPECT_LT(10 * found.steps, scan.steps);
  ASSERT_EQ(count.by_text().size(), 1U);
  EXPECT_EQ(count.by_text().begin()->first, "SELECT count(*) FROM t WHERE id = 7");
}

TEST(WorkCountTest, ConnectionsOfOtherTimesAreNotCounted) {
  auto before = Connection::open_temporary();
  ASSERT_TRUE(before.ok());
  WorkCount count;
  ASSERT_TRUE(before->query_int("SELECT 1").ok());
  EXPECT_EQ(count.total().statements, 0U);
}

}  // namespace
}  // namespace cortex::sqlite
