#include "sqlite/statement.h"

#include <array>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/fs/test_dir.h"
#include "sqlite/connection.h"
#include "sqlite/failure.h"

namespace cortex::sqlite {
namespace {

class StatementTest : public testing::Test {
 protected:
  fs::TestDir folder_;
  Connection db_ = Connection::open(folder_ / "a.db", OpenMode::kReadWriteCreate).value();
};

TEST_F(StatementTest, EveryTypeComesBackAsBound) {
  const std::array<std::byte, 3> blob = {std::byte{0}, std::byte{255}, std::byte{7}};
  Statement select = db_.prepare("SELECT ?1, ?2, ?3, ?4, ?5").value();
  ASSERT_TRUE(select.bind(1, std::int64_t{-5}).ok());
  ASSERT_TRUE(select.bind(2, 1.5).ok());
  ASSERT_TRUE(select.bind(3, std::string_view("a\0b", 3)).ok());
  ASSERT_TRUE(select.bind(4, nullptr).ok());
  ASSERT_TRUE(select.bind(5, std::span<const std::byte>(blob)).ok());
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.column_count(), 5);
  EXPECT_EQ(select.column_int(0), -5);
  EXPECT_EQ(select.column_double(1), 1.5);
  EXPECT_EQ(select.column_text(2), std::string_view("a\0b", 3));
  EXPECT_TRUE(select.is_null(3));
  EXPECT_EQ(select.column_text(3), "");
  ASSERT_EQ(select.column_blob(4).size(), 3U);
  EXPECT_EQ(select.column_blob(4)[1], std::byte{255});
  EXPECT_FALSE(select.step().value());
}

TEST_F(StatementTest, EmptyTextAndEmptyBlobAreNotNull) {
  Statement select = db_.prepare("SELECT ?1 IS NULL, ?2 IS NULL").value();
  ASSERT_TRUE(select.bind_all(std::string_view(), std::span<const std::byte>()).ok());
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.column_int(0), 0);
  EXPECT_EQ(select.column_int(1), 0);
}

TEST_F(StatementTest, BindAllTakesMixedTypesAndOptionals) {
  Statement select = db_.prepare("SELECT ?1 || ?2, ?3, ?4").value();
  const std::optional<std::string> none;
  ASSERT_TRUE(select.bind_all("id-", 7U, none, std::optional<int>(3)).ok());
  ASSERT_TRUE(select.step().value());
  EXPECT_EQ(select.column_text(0), "id-7");
  EXPECT_TRUE(select.is_null(1));
  EXPECT_EQ(select.column_int(2), 3);
}

TEST_F(StatementTest, UnsignedBeyondTheSignedRangeIsRefused) {
  Statement select = db_.prepare("SELECT ?1").value();
  EXPECT_FALSE(select.bind(1, std::numeric_limits<std::uint64_t>::max()).ok());
}

TEST_F(StatementTest, WrongIndexIsReported) {
  Statement select = db_.prepare("SELECT ?1").value();
  const Status bound = select.bind(2, 1);
  ASSERT_FALSE(bound.ok());
  EXPECT_EQ(failure_of(bound.error()), Failure::kMisuse);
}

TEST_F(StatementTest, RunsAgainAfterRunAndAfterAFailure) {
  ASSERT_TRUE(db_.exec("CREATE TABLE t(x UNIQUE)").ok());
  Statement insert = db_.prepare("INSERT INTO t VALUES (?1)").value();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(insert.bind_all(i).ok());
    ASSERT_TRUE(insert.run().ok());
  }
  const Status repeated = insert.run();
  ASSERT_FALSE(repeated.ok());
  EXPECT_EQ(failure_of(repeated.error()), Failure::kConstraint);
  ASSERT_TRUE(insert.bind_all(9).ok());
  EXPECT_TRUE(insert.run().ok());
  EXPECT_EQ(db_.changes(), 1);
  EXPECT_EQ(db_.query_int("SELECT count(*) FROM t").value(), 4);
}

}  // namespace
}  // namespace cortex::sqlite
