#include "store/event_keys.h"

#include <fstream>

#include <gmock/gmock.h>

#include "base/text.h"
#include "core/ids.h"
#include "ledger/ledger_fixture.h"
#include "store/integrity.h"
#include "store/mirror.h"
#include "store/mirror_compare.h"
#include "store/no_operations.h"
#include "store/private_schema.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class EventKeysTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    ASSERT_TRUE(ensure_private_schema(db_).ok());
    auto writer = MirrorWriter::begin(db_, {}, system_clock(), no_operations()).value();
    for (const core::Event& event : events_) ASSERT_TRUE(writer.add(event, event.payload, 1).ok());
  }
  std::optional<EventKeys> keys_of_rows() {
    auto comparer = MirrorComparer::begin(db_).value();
    for (const core::Event& event : events_) {
      EXPECT_TRUE(comparer.add(event, event.payload).ok());
    }
    EXPECT_TRUE(comparer.finish().ok());
    return comparer.keys_of_all_rows();
  }
  std::optional<EventKeys> keys_of_indexes() { return read_event_indexes(db_).value(); }
  std::vector<std::string> index_problems() {
    std::vector<std::string> problems;
    EXPECT_TRUE(add_event_index_problems(db_, problems).ok());
    return problems;
  }
  // Changes the key `from` where the index holds it.
  void patch_index(const char* index, const std::string& from, const std::string& to) {
    const std::int64_t page =
        db_.query_int(cat("SELECT rootpage FROM sqlite_schema WHERE name = '", index, "'")).value();
    exec("PRAGMA wal_checkpoint(TRUNCATE)");
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    std::string bytes(4096, '\0');
    file.seekg((page - 1) * 4096);
    file.read(bytes.data(), 4096);
    const std::size_t at = bytes.find(from);
    ASSERT_NE(at, std::string::npos);
    bytes.replace(at, from.size(), to);
    file.seekp((page - 1) * 4096);
    file << bytes;
    file.close();
    db_ = create(path_);
  }
  // `index` becomes one that leads these keys, as SQL, to these rows, and knows no others.
  void index_by(std::string_view index, const std::vector<std::string>& keys,
                const std::vector<std::int64_t>& row_ids) {
    const std::string spare = cat("spare_of_", index);
    exec(cat("CREATE TABLE ", spare, " (key TEXT PRIMARY KEY)"));
    for (std::size_t i = 0; i < row_ids.size(); ++i) {
      exec(cat("INSERT INTO ", spare, " (rowid, key) VALUES (", row_ids[i], ", ", keys[i], ")"));
    }
    exec("PRAGMA writable_schema = ON");
    exec(
        cat("UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE"
            " name = 'sqlite_autoindex_",
            spare, "_1') WHERE name = '", index, "'"));
    db_ = create(path_);
  }
  // The index of ids leads the first ids to these rows.
  void index_by(const std::vector<std::int64_t>& row_ids) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < row_ids.size(); ++i) keys.push_back(cat("'", id_of(i), "'"));
    index_by("sqlite_autoindex_events_1", keys, row_ids);
  }
  std::string id_of(std::size_t i) { return core::id_text(core::IdKind::kEvent, events_[i].id); }

  std::vector<core::Event> events_ = ledger::sealed_events(6);
};

TEST_F(EventKeysTest, SoundIndexes_HoldTheRowsOfTheTable) {
  ASSERT_TRUE(keys_of_rows().has_value());
  EXPECT_EQ(keys_of_indexes(), keys_of_rows());
  EXPECT_THAT(index_problems(), IsEmpty());
  exec("UPDATE events SET rowid = 77 WHERE rowid = 2");
  EXPECT_EQ(keys_of_indexes(), keys_of_rows());
}

TEST_F(EventKeysTest, KeyThatIsAnotherOne_IsSeen) {
  const std::string hash = events_[2].event_hash;
  patch_index("sqlite_autoindex_events_2", hash,
              hash.substr(0, 63) + (hash.back() == '0' ? "1" : "0"));
  ASSERT_TRUE(keys_of_indexes().has_value());
  EXPECT_NE(keys_of_indexes(), keys_of_rows());
  EXPECT_THAT(index_problems(), Contains(HasSubstr("sqlite_autoindex_events_2")));
}

TEST_F(EventKeysTest, EntryOfAnotherRow_IsSeen) {
  index_by({1, 2, 3, 99, 5, 6});
  ASSERT_TRUE(keys_of_indexes().has_value());
  EXPECT_NE(keys_of_indexes(), keys_of_rows());
}

TEST_F(EventKeysTest, EntryThatIsMissing_IsSeen) {
  index_by({1, 2, 3, 4, 5});
  ASSERT_TRUE(keys_of_indexes().has_value());
  EXPECT_NE(keys_of_indexes(), keys_of_rows());
}

TEST_F(EventKeysTest, KeyThatIsNoText_SaysNothing) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < 6; ++i) keys.push_back(cat("'", id_of(i), "'"));
  keys.back() = cat("CAST(", keys.back(), " AS BLOB)");
  index_by("sqlite_autoindex_events_1", keys, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(keys_of_indexes(), std::nullopt);
  EXPECT_THAT(index_problems(), Contains(HasSubstr("sqlite_autoindex_events_1")));
}

TEST_F(EventKeysTest, IndexesThatMissARow_DoNotCountTheRowsOfTheTable) {
  std::vector<std::string> hashes;
  for (const core::Event& event : events_) hashes.push_back(cat("'", event.event_hash, "'"));
  index_by({1, 2, 3, 4, 5});
  index_by("sqlite_autoindex_events_2", hashes, {1, 2, 3, 4, 5});
  for (const std::size_t rows : {6U, 5U}) {
    auto comparer = MirrorComparer::begin(db_).value();
    for (std::size_t i = 0; i < rows; ++i) {
      ASSERT_TRUE(comparer.add(events_[i], events_[i].payload).ok());
    }
    const MirrorComparison result = comparer.finish().value();
    EXPECT_EQ(result.equal, rows);
    EXPECT_EQ(result.foreign, 6U - rows);
  }
}

// The index still has the id that the row had.
TEST_F(EventKeysTest, RowOfAnotherIdThatTheIndexLeadsTo_IsNotEqual) {
  exec("UPDATE events SET id = 'evt_other' WHERE rowid = 3");
  index_by({1, 2, 3, 4, 5, 6});
  EXPECT_EQ(keys_of_rows(), std::nullopt);
  auto comparer = MirrorComparer::begin(db_).value();
  for (const core::Event& event : events_) ASSERT_TRUE(comparer.add(event, event.payload).ok());
  const MirrorComparison result = comparer.finish().value();
  EXPECT_EQ(result.equal, 5U);
  EXPECT_EQ(result.lagging, 1U);
  EXPECT_EQ(result.foreign, 1U);
}

TEST_F(EventKeysTest, EntriesOutOfOrder_SayNothing) {
  patch_index("sqlite_autoindex_events_1", id_of(2), id_of(5));
  EXPECT_EQ(keys_of_indexes(), std::nullopt);
  EXPECT_THAT(index_problems(), Contains(HasSubstr("sqlite_autoindex_events_1")));
}

TEST_F(EventKeysTest, IndexThatTheSchemaDoesNotHave_SaysNothing) {
  exec("CREATE INDEX more ON events (source_json)");
  EXPECT_EQ(keys_of_indexes(), std::nullopt);
}

TEST_F(EventKeysTest, RowOfALaterSchema_SaysNothing) {
  exec("UPDATE events SET schema_version = 3 WHERE rowid = 1");
  EXPECT_EQ(keys_of_indexes(), std::nullopt);
}

TEST_F(EventKeysTest, StoreWithoutTheTable_SaysNothing) {
  db_ = create(folder_ / "empty.db");
  EXPECT_EQ(keys_of_indexes(), std::nullopt);
}

TEST_F(EventKeysTest, RowsThatAreNotAllEqual_HaveNoKeys) {
  exec("UPDATE events SET session_id = 'other' WHERE rowid = 3");
  EXPECT_EQ(keys_of_rows(), std::nullopt);
  exec("DELETE FROM events WHERE rowid = 3");
  EXPECT_TRUE(keys_of_rows().has_value());
  EXPECT_EQ(keys_of_indexes(), keys_of_rows());
  exec(kInsertEvent);
  EXPECT_EQ(keys_of_rows(), std::nullopt);
}

TEST_F(EventKeysTest, ComparersThatShareTheRows_FindTheSameTogether) {
  auto first = MirrorComparer::begin(db_).value();
  sqlite::Connection second_db = create(path_);
  auto second = MirrorComparer::begin(second_db).value();
  for (std::size_t i = 0; i < events_.size(); ++i) {
    auto& comparer = i == 1 || i == 2 || i == 5 ? second : first;
    ASSERT_TRUE(comparer.add(events_[i], events_[i].payload).ok());
  }
  first.join(std::move(second));
  EXPECT_EQ(first.finish().value().equal, 6U);
  EXPECT_EQ(first.finish().value().foreign, 0U);
  EXPECT_EQ(first.keys_of_all_rows(), keys_of_rows());
}

TEST_F(EventKeysTest, RowThatTwoComparersName_IsNamedOnce) {
  auto first = MirrorComparer::begin(db_).value();
  sqlite::Connection second_db = create(path_);
  auto second = MirrorComparer::begin(second_db).value();
  for (const std::size_t i : {0U, 1U, 2U, 3U, 4U}) {
    ASSERT_TRUE(first.add(events_[i], events_[i].payload).ok());
  }
  ASSERT_TRUE(second.add(events_[0], events_[0].payload).ok());
  first.join(std::move(second));
  EXPECT_EQ(first.finish().value().foreign, 1U);
  EXPECT_EQ(first.keys_of_all_rows(), std::nullopt);
}

}  // namespace
}  // namespace cortex::store
