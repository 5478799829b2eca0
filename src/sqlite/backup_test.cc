#include "sqlite/backup.h"

#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/fs/test_dir.h"
#include "sqlite/failure.h"
#include "sqlite/transaction.h"

namespace cortex::sqlite {
namespace {

constexpr const char* kFill =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
    " INSERT INTO t SELECT i, hex(zeroblob(500)) FROM n";

class BackupTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(source_.use_wal().ok());
    ASSERT_TRUE(source_.exec(kFill).ok());
  }

  fs::TestDir folder_;
  std::string copy_path_ = folder_ / "copy.db";
  Connection source_ = Connection::open(folder_ / "a.db", OpenMode::kReadWriteCreate).value();
};

TEST_F(BackupTest, CopyIsCompleteAndStandsAlone) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> steps;
  {
    Connection copy = Connection::open(copy_path_, OpenMode::kReadWriteCreate).value();
    ASSERT_TRUE(
        copy_database(source_, copy, [&](std::uint64_t done, std::uint64_t total) -> Status {
          steps.emplace_back(done, total);
          return {};
        }).ok());
  }
  EXPECT_FALSE(std::filesystem::exists(copy_path_ + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(copy_path_ + "-journal"));
  ASSERT_GT(steps.size(), 1U);
  EXPECT_EQ(steps.back().first, steps.back().second);
  EXPECT_FALSE(source_.in_transaction());
  Connection copy = Connection::open(copy_path_, OpenMode::kImmutable).value();
  EXPECT_EQ(copy.query_int("SELECT count(*) FROM t").value(), 5000);
  EXPECT_EQ(copy.query_text("PRAGMA integrity_check").value(), "ok");
}

TEST_F(BackupTest, AnErrorOfWhoLooksOnEndsTheCopy_AndItsTargetStaysAsItWas) {
  Connection copy = Connection::open(copy_path_, OpenMode::kReadWriteCreate).value();
  int steps = 0;
  const Status copied = copy_database(source_, copy, [&](std::uint64_t, std::uint64_t) -> Status {
    ++steps;
    return make_error(Code::kPrecondition, "enough");
  });
  ASSERT_FALSE(copied.ok());
  EXPECT_EQ(copied.error().message, "enough");
  EXPECT_EQ(steps, 1);
  EXPECT_EQ(copy.query_int("SELECT count(*) FROM sqlite_schema").value(), 0);
  EXPECT_FALSE(source_.in_transaction());
}

TEST_F(BackupTest, WriterDuringTheCopyNeitherWaitsNorShowsUp) {
  Connection copy = Connection::open(copy_path_, OpenMode::kReadWriteCreate).value();
  Connection writer = Connection::open(folder_ / "a.db", OpenMode::kReadWrite).value();
  int steps = 0;
  ASSERT_TRUE(copy_database(source_, copy, [&](std::uint64_t, std::uint64_t) -> Status {
                ++steps;
                EXPECT_TRUE(writer.exec("DELETE FROM t WHERE id % 2 = 0").ok());
                return {};
              }).ok());
  EXPECT_LT(steps, 20);  // never started over
  EXPECT_EQ(copy.query_int("SELECT count(*) FROM t").value(), 5000);
  EXPECT_EQ(source_.query_int("SELECT count(*) FROM t").value(), 2500);
}

TEST_F(BackupTest, OpenReadTransactionDecidesWhatIsCopied) {
  const Transaction snapshot = Transaction::begin(source_, Transaction::Kind::kDeferred).value();
  ASSERT_EQ(source_.query_int("SELECT count(*) FROM t").value(), 5000);
  Connection writer = Connection::open(folder_ / "a.db", OpenMode::kReadWrite).value();
  ASSERT_TRUE(writer.exec("DELETE FROM t").ok());
  Connection copy = Connection::open(copy_path_, OpenMode::kReadWriteCreate).value();
  ASSERT_TRUE(copy_database(source_, copy).ok());
  EXPECT_EQ(copy.query_int("SELECT count(*) FROM t").value(), 5000);
  EXPECT_TRUE(source_.in_transaction());
}

TEST_F(BackupTest, FailureLeavesTheDestinationAsItWas) {
  Connection copy = Connection::open(copy_path_, OpenMode::kReadWriteCreate).value();
  ASSERT_TRUE(copy.exec("CREATE TABLE old(x)").ok());
  std::ofstream(folder_ / "b.db") << std::string(8192, 'x');
  Connection broken = Connection::open(folder_ / "b.db", OpenMode::kReadWrite).value();
  const Status copied = copy_database(broken, copy);
  ASSERT_FALSE(copied.ok());
  EXPECT_EQ(failure_of(copied.error()), Failure::kNotADatabase);
  EXPECT_EQ(copy.query_int("SELECT count(*) FROM old").value(), 0);
}

TEST_F(BackupTest, ReadOnlyDestinationIsRefused) {
  {
    ASSERT_TRUE(
        Connection::open(copy_path_, OpenMode::kReadWriteCreate)->exec("CREATE TABLE o(x)").ok());
  }
  Connection copy = Connection::open(copy_path_, OpenMode::kReadOnly).value();
  const Status copied = copy_database(source_, copy);
  ASSERT_FALSE(copied.ok());
  EXPECT_EQ(failure_of(copied.error()), Failure::kReadOnly);
}

}  // namespace
}  // namespace cortex::sqlite
