#include "bundle/cut.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>

#include "bundle/deployment_fixture.h"

namespace cortex::bundle {
namespace {

using testing::HasSubstr;

class CutTest : public DeploymentTest {
 protected:
  Result<Cut> cut() { return take_cut(fs_, db_, log_); }
  static std::int64_t events_in(Cut& cut) {
    return cut.store->query_int("SELECT count(*) FROM events").value();
  }
};

TEST_F(CutTest, StoreOfZeroBytes_IsNoConnectionAndNoError) {
  append(1, 2);
  auto taken = cut();
  ASSERT_TRUE(taken.ok()) << taken.error().text();
  EXPECT_FALSE(taken->store.has_value());
  EXPECT_FALSE(taken->store_error.has_value());
  EXPECT_EQ(taken->tail.size_bytes, get(log_).size());
}

TEST_F(CutTest, MissingFilesAndFolders_AreNamedStoreFirst) {
  struct Row {
    std::string db, log;
    const char* word;
  };
  const std::string none = folder_ / "none";
  const Row rows[] = {{none, none, "SQLite store"},
                      {db_, none, "JSONL mirror"},
                      {live_, none, "is no regular file"},
                      {db_, live_, "is no regular file"}};
  for (const Row& row : rows) {
    const auto taken = take_cut(fs_, row.db, row.log);
    ASSERT_FALSE(taken.ok()) << row.word;
    EXPECT_EQ(taken.error().code, Code::kPrecondition);
    EXPECT_THAT(taken.error().message, HasSubstr(row.word));
  }
  EXPECT_EQ(kind_of(none), fs::Kind::kMissing);
}

TEST_F(CutTest, SymbolicLinks_AreFollowed) {
  fill(3);
  const std::string db = folder_ / "db", log = folder_ / "log";
  ASSERT_EQ(::symlink(db_.c_str(), db.c_str()), 0);
  ASSERT_EQ(::symlink(log_.c_str(), log.c_str()), 0);
  auto taken = take_cut(fs_, db, log);
  ASSERT_TRUE(taken.ok()) << taken.error().text();
  EXPECT_EQ(events_in(*taken), 3);
}

TEST_F(CutTest, LedgerShorterThanTheMirror_IsStillACut) {
  fill(3);
  const std::string text = get(log_);
  put(log_, text.substr(0, text.find('\n') + 1));
  auto taken = cut();
  ASSERT_TRUE(taken.ok()) << taken.error().text();
  EXPECT_GT(store::read_mirror_state(*taken->store)->offset_bytes, taken->tail.size_bytes);
}

TEST_F(CutTest, OpenWriterAndItsWal_AreLeftOutAndLeftAlone) {
  fill(2);
  std::optional<sqlite::Connection> writer = connect();
  ASSERT_TRUE(writer->exec("INSERT INTO traces VALUES ('trc_1', 2, 'now', NULL, 'x', 'y')").ok());
  ASSERT_TRUE(writer->exec("BEGIN IMMEDIATE; DELETE FROM events").ok());
  ASSERT_GT(fs_.stat(db_ + "-wal")->size_bytes, 0U);
  const std::string file_before = get(db_);
  const std::string wal_before = get(db_ + "-wal");
  {
    auto taken = cut();
    ASSERT_TRUE(taken.ok()) << taken.error().text();
    ASSERT_TRUE(taken->store.has_value());
    EXPECT_EQ(events_in(*taken), 2);
    EXPECT_EQ(taken->store->query_int("SELECT count(*) FROM traces").value(), 1);
    // The snapshot stays what it was when the writer goes on.
    ASSERT_TRUE(writer->exec("COMMIT").ok());
    EXPECT_EQ(events_in(*taken), 2);
  }
  EXPECT_EQ(get(db_), file_before);
  EXPECT_TRUE(get(db_ + "-wal").starts_with(wal_before));
  EXPECT_EQ(writer->query_int("SELECT count(*) FROM events").value(), 0);
}

TEST_F(CutTest, WalOfAKilledWriter_BelongsToTheStore) {
  fill(1);
  const std::string wal = db_ + "-wal";
  std::string db_bytes, wal_bytes;
  {
    sqlite::Connection writer = connect();
    ASSERT_TRUE(writer.exec("INSERT INTO traces VALUES ('trc_1', 2, 'now', NULL, 'x', 'y')").ok());
    db_bytes = get(db_);
    wal_bytes = get(wal);
  }
  put(db_, db_bytes);
  put(wal, wal_bytes);
  {
    auto taken = cut();
    ASSERT_TRUE(taken.ok()) << taken.error().text();
    EXPECT_EQ(taken->store->query_int("SELECT count(*) FROM traces").value(), 1);
  }
  EXPECT_EQ(get(db_), db_bytes) << "closing must not check the WAL in";
  EXPECT_EQ(get(wal), wal_bytes);
}

TEST_F(CutTest, SoundStoreInNobodysUse_KeepsItsBytesAndGetsNoSidecars) {
  fill(2);
  const FolderState before = state_of(live_);
  ASSERT_TRUE(cut().ok());
  EXPECT_EQ(state_of(live_), before);
}

TEST_F(CutTest, TornTail_IsBehindTheCut) {
  append(1, 2);
  const std::string whole = get(log_);
  put(log_, whole + "{\"id\":\"evt_");
  auto taken = cut();
  ASSERT_TRUE(taken.ok()) << taken.error().text();
  EXPECT_EQ(taken->tail.size_bytes, whole.size());
  ASSERT_TRUE(taken->tail.torn.has_value());
  EXPECT_EQ(taken->tail.torn->size_bytes, 11U);
}

TEST_F(CutTest, UndecodableLastLine_IsAChainError) {
  append(1, 1);
  put(log_, get(log_) + "no row\n");
  EXPECT_EQ(code_of(cut()), Code::kChain);
}

TEST_F(CutTest, WritersGoOnWhileTheCutLives) {
  fill(2);
  auto taken = cut();
  ASSERT_TRUE(taken.ok()) << taken.error().text();
  append(3, 2);
  mirror();
  EXPECT_EQ(events_in(*taken), 2);
  EXPECT_LT(taken->tail.size_bytes, get(log_).size());
}

TEST_F(CutTest, FileThatIsTheSnapshot_StaysSoWhateverWritersDo) {
  fill(200);
  const std::string bytes = get(db_);
  auto taken = cut();
  ASSERT_TRUE(taken.ok()) << taken.error().text();
  ASSERT_TRUE(taken->file_is_snapshot);
  {
    sqlite::Connection writer = connect();
    ASSERT_TRUE(writer.exec("DELETE FROM events").ok());
    ASSERT_TRUE(writer.exec("PRAGMA wal_checkpoint(PASSIVE)").ok());
    ASSERT_EQ(writer.query_int("SELECT count(*) FROM events").value(), 0);
  }
  const std::string path = folder_ / "copy.db";
  const auto digest = copy_store(fs_, *taken, path);
  ASSERT_TRUE(digest.ok()) << digest.error().text();
  EXPECT_EQ(get(path), bytes);
  EXPECT_EQ(*digest, digest_file(fs_, path, Source::kAnywhere).value());
}

TEST_F(CutTest, StoreWithSomethingInItsLog_IsNoPlainFile) {
  fill(3);
  sqlite::Connection writer = connect();
  ASSERT_TRUE(writer.exec("INSERT INTO traces VALUES ('trc_1', 2, 'now', NULL, 'x', 'y')").ok());
  auto taken = cut();
  ASSERT_TRUE(taken.ok()) << taken.error().text();
  EXPECT_FALSE(taken->file_is_snapshot);
  const std::string path = folder_ / "copy.db";
  const auto digest = copy_store(fs_, *taken, path);
  ASSERT_TRUE(digest.ok()) << digest.error().text();
  EXPECT_EQ(*digest, digest_file(fs_, path, Source::kAnywhere).value());
  auto copy = sqlite::Connection::open(path, sqlite::OpenMode::kImmutable).value();
  EXPECT_EQ(copy.query_int("SELECT count(*) FROM traces").value(), 1);
}

TEST_F(CutTest, StoreThatIsNoDatabase_IsAnErrorOfTheStoreOnly) {
  append(1, 1);
  put(db_, std::string(8192, 'x'));
  auto taken = cut();
  ASSERT_TRUE(taken.ok()) << taken.error().text();
  EXPECT_FALSE(taken->store.has_value());
  ASSERT_TRUE(taken->store_error.has_value());
  EXPECT_EQ(taken->store_error->code, Code::kPrecondition);
  EXPECT_THAT(taken->store_error->message, HasSubstr("cannot be read"));
  EXPECT_EQ(taken->tail.size_bytes, get(log_).size());
}

}  // namespace
}  // namespace cortex::bundle
