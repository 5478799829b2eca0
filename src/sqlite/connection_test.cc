#include "sqlite/connection.h"

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <stop_token>
#include <utility>

#include <gtest/gtest.h>

#include "base/fs/test_dir.h"
#include "sqlite/failure.h"

namespace cortex::sqlite {
namespace {

Connection open_or_die(const std::string& path, OpenMode mode) {
  auto connection = Connection::open(path, mode);
  if (!connection.ok()) throw std::runtime_error(connection.error().message);
  return std::move(connection).value();
}

TEST(Connection, MissingFileIsRefusedUnlessCreating) {
  const fs::TestDir folder;
  const auto refused = Connection::open(folder / "a.db", OpenMode::kReadWrite);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(failure_of(refused.error()), Failure::kCannotOpen);
  EXPECT_FALSE(std::filesystem::exists(folder / "a.db"));

  Connection made = open_or_die(folder / "a.db", OpenMode::kReadWriteCreate);
  EXPECT_TRUE(made.exec("CREATE TABLE t(x)").ok());
  EXPECT_TRUE(std::filesystem::exists(folder / "a.db"));
}

TEST(Connection, EmptyPathAndNulAreRefused) {
  EXPECT_FALSE(Connection::open("", OpenMode::kReadWriteCreate).ok());
  EXPECT_FALSE(Connection::open(std::string("a\0b", 3), OpenMode::kReadWriteCreate).ok());
}

TEST(Connection, OddPathNamesExactlyThatFile) {
  const fs::TestDir folder;
  const std::string path = folder / "a?mode=memory#x%41 \xc3\xa9.db";
  Connection connection = open_or_die(path, OpenMode::kReadWriteCreate);
  ASSERT_TRUE(connection.exec("CREATE TABLE t(x)").ok());
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST(Connection, FileThatIsNoDatabaseFailsOnFirstStatement) {
  const fs::TestDir folder;
  std::ofstream(folder / "a.db") << std::string(4096, 'x');
  Connection connection = open_or_die(folder / "a.db", OpenMode::kReadWrite);
  const auto count = connection.query_int("SELECT count(*) FROM sqlite_schema");
  ASSERT_FALSE(count.ok());
  EXPECT_EQ(failure_of(count.error()), Failure::kNotADatabase);
}

TEST(Connection, ReadOnlyRefusesWritesAndImmutableLeavesNoSidecars) {
  const fs::TestDir folder;
  const std::string path = folder / "a.db";
  {
    Connection writer = open_or_die(path, OpenMode::kReadWriteCreate);
    ASSERT_TRUE(writer.use_wal().ok());
    ASSERT_TRUE(writer.exec("CREATE TABLE t(x); INSERT INTO t VALUES (7)").ok());
    Connection reader = open_or_die(path, OpenMode::kReadOnly);
    EXPECT_EQ(reader.query_int("SELECT x FROM t").value(), 7);
    const Status write = reader.exec("DELETE FROM t");
    ASSERT_FALSE(write.ok());
    EXPECT_EQ(failure_of(write.error()), Failure::kReadOnly);
    EXPECT_TRUE(reader.read_only());
    EXPECT_FALSE(writer.read_only());
  }
  Connection immutable = open_or_die(path, OpenMode::kImmutable);
  EXPECT_EQ(immutable.query_int("SELECT x FROM t").value(), 7);
  EXPECT_FALSE(std::filesystem::exists(path + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(path + "-shm"));
}

TEST(Connection, ForeignKeysAreEnforced) {
  const fs::TestDir folder;
  Connection connection = open_or_die(folder / "a.db", OpenMode::kReadWriteCreate);
  ASSERT_TRUE(
      connection.exec("CREATE TABLE p(id PRIMARY KEY); CREATE TABLE c(p REFERENCES p)").ok());
  const Status orphan = connection.exec("INSERT INTO c VALUES (1)");
  ASSERT_FALSE(orphan.ok());
  EXPECT_EQ(failure_of(orphan.error()), Failure::kConstraint);
  EXPECT_NE(orphan.error().message.find("FOREIGN KEY"), std::string::npos);
}

TEST(Connection, SingleValueQueriesRefuseNoRowAndNull) {
  const fs::TestDir folder;
  Connection connection = open_or_die(folder / "a.db", OpenMode::kReadWriteCreate);
  EXPECT_EQ(connection.query_int("SELECT 41 + 1").value(), 42);
  EXPECT_EQ(connection.query_text("SELECT 'a' || 'b'").value(), "ab");
  EXPECT_FALSE(connection.query_int("SELECT NULL").ok());
  EXPECT_FALSE(connection.query_int("SELECT 1 WHERE 0").ok());
  EXPECT_FALSE(connection.prepare("  -- nothing").ok());
}

TEST(Connection, UseWalSwitchesOnceAndStays) {
  const fs::TestDir folder;
  Connection connection = open_or_die(folder / "a.db", OpenMode::kReadWriteCreate);
  ASSERT_TRUE(connection.use_wal().ok());
  ASSERT_TRUE(connection.use_wal().ok());
  EXPECT_EQ(connection.query_text("PRAGMA journal_mode").value(), "wal");
}

TEST(Connection, NoCheckpointOnCloseLeavesTheWal) {
  const fs::TestDir folder;
  const std::string path = folder / "a.db";
  {
    Connection connection = open_or_die(path, OpenMode::kReadWriteCreate);
    ASSERT_TRUE(connection.use_wal().ok());
    ASSERT_TRUE(connection.set_no_checkpoint_on_close(true).ok());
    ASSERT_TRUE(connection.exec("CREATE TABLE t(x)").ok());
  }
  EXPECT_TRUE(std::filesystem::exists(path + "-wal"));
}

TEST(Connection, AStatementEndsWhenItIsCalledOff_AndTheNextOneRunsAgain) {
  const fs::TestDir folder;
  Connection connection = open_or_die(folder / "a.db", OpenMode::kReadWriteCreate);
  std::stop_source source;
  connection.stop_on(source.get_token());
  Connection moved = std::move(connection);
  constexpr const char* kCount =
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) "
      "SELECT count(*) FROM n";
  ASSERT_TRUE(moved.query_int(kCount).ok());
  source.request_stop();
  const auto stopped = moved.query_int(kCount);
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(failure_of(stopped.error()), Failure::kInterrupted);
  moved.stop_on({});
  EXPECT_TRUE(moved.query_int(kCount).ok());
}

}  // namespace
}  // namespace cortex::sqlite
