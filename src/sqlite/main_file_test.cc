#include "sqlite/main_file.h"

#include <fstream>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/fs/test_dir.h"
#include "sqlite/connection.h"

namespace cortex::sqlite {
namespace {

TEST(MainFile, IsHeldByWhoeverHasReadItInWalMode_DamagedOrNot) {
  const fs::TestDir folder;
  const std::string path = folder / "a.db";
  {
    Connection made = Connection::open(path, OpenMode::kReadWriteCreate).value();
    ASSERT_TRUE(made.use_wal().ok());
    ASSERT_TRUE(made.exec("CREATE TABLE t(x)").ok());
    EXPECT_TRUE(is_held(path).value());
    EXPECT_TRUE(is_held(path).value());
    EXPECT_TRUE(made.exec("INSERT INTO t VALUES (1)").ok());
  }
  EXPECT_FALSE(is_held(path).value());
  Connection reader = Connection::open(path, OpenMode::kReadWrite).value();
  EXPECT_FALSE(is_held(path).value());  // opening reads nothing
  ASSERT_TRUE(reader.query_int("SELECT count(*) FROM t").ok());
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file << std::string(4096, 'x') << std::flush;
  EXPECT_TRUE(is_held(path).value());
  {
    const Connection gone = std::move(reader);
  }
  EXPECT_FALSE(is_held(path).value());
}

TEST(MainFile, FileThatIsMissing_IsAnErrorAndIsNotMade) {
  const fs::TestDir folder;
  EXPECT_FALSE(is_held(folder / "missing.db").ok());
  EXPECT_FALSE(std::ifstream(folder / "missing.db").good());
}

}  // namespace
}  // namespace cortex::sqlite
