#include "sqlite/transaction.h"

#include <utility>

#include <gtest/gtest.h>

#include "base/fs/test_dir.h"

namespace cortex::sqlite {
namespace {

class TransactionTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(db_.exec("CREATE TABLE t(x)").ok()); }
  std::int64_t rows() { return db_.query_int("SELECT count(*) FROM t").value(); }

  fs::TestDir folder_;
  Connection db_ = Connection::open(folder_ / "a.db", OpenMode::kReadWriteCreate).value();
};

TEST_F(TransactionTest, CommittedChangesStay) {
  {
    Transaction transaction = Transaction::begin(db_, Transaction::Kind::kImmediate).value();
    EXPECT_TRUE(db_.in_transaction());
    ASSERT_TRUE(db_.exec("INSERT INTO t VALUES (1)").ok());
    ASSERT_TRUE(transaction.commit().ok());
    EXPECT_FALSE(transaction.commit().ok());
  }
  EXPECT_EQ(rows(), 1);
}

TEST_F(TransactionTest, ForgottenCommitRollsBackAlsoAfterAMove) {
  {
    Transaction first = Transaction::begin(db_, Transaction::Kind::kImmediate).value();
    const Transaction second = std::move(first);
    ASSERT_TRUE(db_.exec("INSERT INTO t VALUES (1)").ok());
  }
  EXPECT_FALSE(db_.in_transaction());
  EXPECT_EQ(rows(), 0);
}

TEST_F(TransactionTest, NestingIsRefusedAndLeavesTheOuterOneAlone) {
  Transaction outer = Transaction::begin(db_, Transaction::Kind::kImmediate).value();
  EXPECT_FALSE(Transaction::begin(db_, Transaction::Kind::kImmediate).ok());
  ASSERT_TRUE(db_.exec("INSERT INTO t VALUES (1)").ok());
  ASSERT_TRUE(outer.commit().ok());
  EXPECT_EQ(rows(), 1);
}

TEST_F(TransactionTest, CommitAfterSqliteRolledBackIsAnError) {
  Transaction transaction = Transaction::begin(db_, Transaction::Kind::kImmediate).value();
  ASSERT_TRUE(db_.exec("INSERT INTO t VALUES (1)").ok());
  ASSERT_TRUE(db_.exec("ROLLBACK").ok());
  const Status committed = transaction.commit();
  ASSERT_FALSE(committed.ok());
  EXPECT_EQ(failure_of(committed.error()), Failure::kInputOutput);
  EXPECT_EQ(committed.error().next.find("bug"), std::string::npos) << "it is the disk's";
}

}  // namespace
}  // namespace cortex::sqlite
