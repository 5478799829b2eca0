#include "sqlite/savepoint.h"

#include <gtest/gtest.h>

#include "base/fs/test_dir.h"
#include "sqlite/transaction.h"

namespace cortex::sqlite {
namespace {

class SavepointTest : public testing::Test {
 protected:
  static Connection create(const std::string& path) {
    Connection db = Connection::open(path, OpenMode::kReadWriteCreate).value();
    EXPECT_TRUE(db.exec("CREATE TABLE t(n)").ok());
    return db;
  }
  void insert(int n) {
    ASSERT_TRUE(db_.exec("INSERT INTO t VALUES(" + std::to_string(n) + ")").ok());
  }
  std::string content() {
    return db_.query_text("SELECT coalesce(group_concat(n), '') FROM t").value();
  }

  fs::TestDir folder_;
  Connection db_ = create(folder_ / "a.db");
  Transaction transaction_ = Transaction::begin(db_, Transaction::Kind::kImmediate).value();
};

TEST_F(SavepointTest, undo_takes_back_its_own_part_only) {
  insert(1);
  auto savepoint = Savepoint::begin(db_);
  ASSERT_TRUE(savepoint.ok());
  insert(2);
  ASSERT_TRUE(savepoint->undo().ok());
  insert(3);
  EXPECT_EQ(content(), "1,3");
}

TEST_F(SavepointTest, a_forgotten_one_is_undone) {
  insert(1);
  {
    auto savepoint = Savepoint::begin(db_);
    ASSERT_TRUE(savepoint.ok());
    insert(2);
  }
  EXPECT_EQ(content(), "1");
}

TEST_F(SavepointTest, what_is_released_goes_with_the_transaction) {
  auto outer = Savepoint::begin(db_);
  ASSERT_TRUE(outer.ok());
  insert(1);
  {
    auto inner = Savepoint::begin(db_);
    ASSERT_TRUE(inner.ok());
    insert(2);
    ASSERT_TRUE(inner->release().ok());
  }
  ASSERT_TRUE(outer->release().ok());
  EXPECT_EQ(content(), "1,2");
  transaction_.rollback();
  EXPECT_EQ(content(), "");
}

}  // namespace
}  // namespace cortex::sqlite
