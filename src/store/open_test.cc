#include "store/open.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include <gmock/gmock.h>

#include "base/text.h"
#include "sqlite/failure.h"
#include "store/migrations.h"
#include "store/schema_check.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::IsEmpty;

class OpenTest : public testing::Test {
 protected:
  bool exists(std::string_view suffix) const {
    return std::filesystem::exists(path_ + std::string(suffix));
  }

  fs::TestDir folder_;
  std::string path_ = folder_ / "cortex.db";
};

TEST_F(OpenTest, WritingNeedsAnExistingFile) {
  const auto opened = open_for_writing(path_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::kPrecondition);
  EXPECT_FALSE(exists(""));
}

TEST_F(OpenTest, EmptyFileBecomesACompleteStore) {
  std::ofstream{path_};
  auto opened = open_for_writing(path_);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_EQ(opened->applied.size(), 10U);
  EXPECT_THAT(check_schema(opened->connection).value(), IsEmpty());
  EXPECT_THAT(open_for_writing(path_)->applied, IsEmpty());
}

TEST_F(OpenTest, StoreOfTheReferenceOpensWithNothingPending) {
  std::filesystem::copy_file(CORTEX_TEST_DATA "/store/migrated-empty.db", path_);
  auto opened = open_for_writing(path_);
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  EXPECT_THAT(opened->applied, IsEmpty());
  EXPECT_THAT(check_schema(opened->connection).value(), IsEmpty());
}

TEST_F(OpenTest, FileThatIsNoDatabaseIsLeftAlone) {
  const std::string junk(5000, 'x');
  std::ofstream(path_) << junk;
  const auto opened = open_for_writing(path_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(sqlite::failure_of(opened.error()), sqlite::Failure::kNotADatabase);
  std::ifstream file(path_);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), junk);
}

TEST_F(OpenTest, ReadOnlyFileIsRefusedForWriting) {
  ASSERT_TRUE((std::ofstream{path_}, open_for_writing(path_).ok()));
  ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
  ASSERT_EQ(chmod(folder_.path().c_str(), 0755), 0);
  // Permissions do not bind root: become somebody else for the moment.
  constexpr uid_t kNobody = 65534;
  const uid_t me = geteuid();
  if (me == 0) {
    ASSERT_EQ(seteuid(kNobody), 0);
  }
  const auto opened = open_for_writing(path_);
  if (me == 0) {
    ASSERT_EQ(seteuid(me), 0);
  }
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(sqlite::failure_of(opened.error()), sqlite::Failure::kReadOnly);
}

TEST_F(OpenTest, InspectionOfAMissingStoreOrAFolderIsAPrecondition) {
  const auto missing = open_for_inspection(fs::posix(), path_);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, Code::kPrecondition);
  std::filesystem::create_directory(path_);
  EXPECT_FALSE(open_for_inspection(fs::posix(), path_).ok());
}

TEST_F(OpenTest, InspectionMigratesNothingAndLeavesNoSidecars) {
  std::ofstream{path_};
  {
    sqlite::Connection db = open_for_inspection(fs::posix(), path_).value();
    EXPECT_EQ(pending(db).value().size(), 10U);
    EXPECT_EQ(check_schema(db).value().size(), 15U);
  }
  EXPECT_EQ(std::filesystem::file_size(path_), 0U);
  {
    ASSERT_TRUE(open_for_writing(path_).ok());
  }
  {
    sqlite::Connection db = open_for_inspection(fs::posix(), path_).value();
    EXPECT_THAT(check_schema(db).value(), IsEmpty());
    EXPECT_FALSE(db.exec("DELETE FROM events").ok());
  }
  EXPECT_FALSE(exists("-wal"));
  EXPECT_FALSE(exists("-shm"));
}

TEST_F(OpenTest, InspectionOfALiveStoreSeesWhatIsStillInTheWal) {
  std::ofstream{path_};
  auto live = open_for_writing(path_);
  ASSERT_TRUE(live->connection.exec(kInsertEvent).ok());
  sqlite::Connection db = open_for_inspection(fs::posix(), path_).value();
  EXPECT_EQ(db.query_int("SELECT count(*) FROM events").value(), 1);
  // After a full checkpoint the WAL is empty, but its owner may go on writing.
  ASSERT_TRUE(live->connection.exec("PRAGMA wal_checkpoint(TRUNCATE)").ok());
  sqlite::Connection idle = open_for_inspection(fs::posix(), path_).value();
  ASSERT_TRUE(live->connection.exec("DELETE FROM events").ok());
  EXPECT_EQ(idle.query_int("SELECT count(*) FROM events").value(), 0);
}

TEST_F(OpenTest, StoreThatChangesWhileItIsLookedAt_IsLookedAtAgain) {
  ASSERT_TRUE((std::ofstream{path_}, open_for_writing(path_).ok()));
  int looks = 0;
  std::int64_t seen = -1;
  const auto status = inspect(fs::posix(), path_, [&](sqlite::Connection& db) -> Status {
    CORTEX_ASSIGN(seen, db.query_int("SELECT count(*) FROM traces"));
    if (++looks > 1) return {};
    auto writer = open_for_writing(path_);
    if (!writer.ok()) return std::move(writer).error();
    return writer->connection.exec(
        "INSERT INTO traces VALUES ('trc_a', 2, 'now', NULL, 'x', 'open')");
  });
  ASSERT_TRUE(status.ok()) << status.error().text();
  EXPECT_EQ(looks, 2);
  EXPECT_EQ(seen, 1);
}

TEST_F(OpenTest, StoreThatNeverRests_IsReadUnderItsLocks) {
  ASSERT_TRUE((std::ofstream{path_}, open_for_writing(path_).ok()));
  int looks = 0;
  const auto status = inspect(fs::posix(), path_, [&](sqlite::Connection& db) -> Status {
    CORTEX_TRY(db.query_int("SELECT count(*) FROM traces"));
    auto writer = open_for_writing(path_);
    if (!writer.ok()) return std::move(writer).error();
    return writer->connection.exec(
        cat("INSERT INTO traces VALUES ('trc_", ++looks, "', 2, 'now', NULL, 'x', 'open')"));
  });
  ASSERT_TRUE(status.ok()) << status.error().text();
  EXPECT_EQ(looks, 4);
}

}  // namespace
}  // namespace cortex::store
