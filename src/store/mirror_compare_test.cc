#include "store/mirror_compare.h"
#include "store/no_operations.h"

#include <gmock/gmock.h>

#include "ledger/ledger_fixture.h"
#include "store/mirror.h"
#include "store/private_schema.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

class MirrorCompareTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    ASSERT_TRUE(ensure_private_schema(db_).ok());
    for (core::Event& event : events_) {
      event.trace_id = Ulid{0, event.id.low};
      event.domain_tags = {"t"};
    }
  }
  void insert(const std::vector<core::Event>& events) {
    auto writer = MirrorWriter::begin(db_, {}, system_clock(), no_operations()).value();
    for (const core::Event& event : events) ASSERT_TRUE(writer.add(event, event.payload, 1).ok());
    ASSERT_EQ(writer.conflicts(), 0U);
  }
  // equal, lagging, differing, foreign
  std::vector<std::uint64_t> compare(const std::vector<core::Event>& events) {
    auto comparer = MirrorComparer::begin(db_);
    EXPECT_TRUE(comparer.ok()) << comparer.error().text();
    for (const core::Event& event : events) EXPECT_TRUE(comparer->add(event, event.payload).ok());
    const auto result = comparer->finish();
    EXPECT_TRUE(result.ok());
    return {result->equal, result->lagging, result->differing, result->foreign};
  }
  static std::vector<std::uint64_t> counts(std::uint64_t equal, std::uint64_t lagging,
                                           std::uint64_t differing, std::uint64_t foreign) {
    return {equal, lagging, differing, foreign};
  }

  std::vector<core::Event> events_ = ledger::sealed_events(6);
};

TEST_F(MirrorCompareTest, NothingAndNothing_AreEqual) {
  EXPECT_EQ(compare({}), counts(0, 0, 0, 0));
}

TEST_F(MirrorCompareTest, MirroredRows_AreEqual) {
  insert(events_);
  EXPECT_EQ(compare(events_), counts(6, 0, 0, 0));
}

TEST_F(MirrorCompareTest, RowsWithoutOptionalMembers_AreEqual) {
  for (core::Event& event : events_) {
    event.trace_id.reset();
    event.session_id.reset();
    event.domain_tags.clear();
  }
  insert(events_);
  EXPECT_EQ(compare(events_), counts(6, 0, 0, 0));
}

TEST_F(MirrorCompareTest, MissingTable_LagsBehindEveryRow) {
  sqlite::Connection empty = create(folder_ / "empty.db");
  auto comparer = MirrorComparer::begin(empty).value();
  for (const core::Event& event : events_) ASSERT_TRUE(comparer.add(event, event.payload).ok());
  const MirrorComparison result = comparer.finish().value();
  EXPECT_EQ(result.lagging, 6U);
  EXPECT_EQ(result.equal + result.differing + result.foreign, 0U);
}

TEST_F(MirrorCompareTest, MissingColumn_IsAnError) {
  exec("PRAGMA foreign_keys = OFF");
  exec("ALTER TABLE events DROP COLUMN session_id");
  EXPECT_FALSE(MirrorComparer::begin(db_).ok());
}

TEST_F(MirrorCompareTest, RowsAtTheEndThatAreMissing_Lag) {
  insert({events_[0], events_[1]});
  EXPECT_EQ(compare(events_), counts(2, 4, 0, 0));
}

TEST_F(MirrorCompareTest, RowsInFrontAndInBetweenThatAreMissing_LagAndTheOthersAreFound) {
  insert({events_[1], events_[3], events_[4]});
  EXPECT_EQ(compare(events_), counts(3, 3, 0, 0));
}

TEST_F(MirrorCompareTest, EmptyTable_LagsBehindEveryRow) {
  EXPECT_EQ(compare(events_), counts(0, 6, 0, 0));
}

TEST_F(MirrorCompareTest, AnyChangedColumn_Differs) {
  insert(events_);
  const std::pair<std::string_view, std::string_view> changes[] = {
      {"schema_version", "1"}, {"observed_at", "'then'"},    {"recorded_at", "'then'"},
      {"source_json", "'{}'"}, {"event_type", "'x'"},        {"trace_id", "'x'"},
      {"trace_id", "NULL"},    {"session_id", "'x'"},        {"session_id", "NULL"},
      {"session_id", "''"},    {"domain_tags_json", "'[]'"}, {"payload_json", "'{ }'"},
      {"payload_hash", "'x'"}, {"prev_event_hash", "'x'"},   {"prev_event_hash", "NULL"},
      {"event_hash", "'x'"},
  };
  for (const auto& [column, value] : changes) {
    SCOPED_TRACE(cat(column, " = ", value));
    exec("SAVEPOINT before_the_change");
    exec(cat("UPDATE events SET ", column, " = ", value, " WHERE rowid = 3"));
    EXPECT_EQ(compare(events_), counts(5, 0, 1, 0));
    exec("ROLLBACK TO before_the_change");
    exec("RELEASE before_the_change");
  }
  EXPECT_EQ(compare(events_), counts(6, 0, 0, 0));
}

TEST_F(MirrorCompareTest, TextWhereTheLedgerHasNone_Differs) {
  for (core::Event& event : events_) event.session_id.reset();
  insert(events_);
  exec("UPDATE events SET session_id = '' WHERE rowid = 1");
  exec("UPDATE events SET prev_event_hash = '' WHERE rowid = 1");
  EXPECT_EQ(compare(events_), counts(5, 0, 1, 0));
}

TEST_F(MirrorCompareTest, ColumnsThatAreNotMirrored_DoNotCount) {
  insert(events_);
  exec("UPDATE events SET source_attestation_json = '{}'");
  EXPECT_EQ(compare(events_), counts(6, 0, 0, 0));
}

TEST_F(MirrorCompareTest, RowsThatNoLedgerRowNames_AreForeignWhereverTheyStand) {
  insert({events_[5], events_[0], events_[1], events_[4], events_[2], events_[3]});
  EXPECT_EQ(compare({events_[0], events_[1], events_[2], events_[3]}), counts(4, 0, 0, 2));
  EXPECT_EQ(compare({}), counts(0, 0, 0, 6));
}

TEST_F(MirrorCompareTest, RepeatedIdInTheLedger_HidesNoForeignRow) {
  insert({events_[0], events_[5]});
  auto repeated = events_[1];
  repeated.id = events_[0].id;
  EXPECT_EQ(compare({events_[0], repeated}), counts(1, 0, 1, 1));
}

TEST_F(MirrorCompareTest, RenamedRow_LagsAndIsForeign) {
  insert(events_);
  exec("UPDATE events SET id = 'evt_7' WHERE rowid = 3");
  EXPECT_EQ(compare(events_), counts(5, 1, 0, 1));
}

TEST_F(MirrorCompareTest, AnotherOrderOfInsertion_ChangesNothing) {
  std::vector<std::size_t> order = {0, 1, 2, 3};
  do {
    exec("DELETE FROM events");
    for (const std::size_t i : order) insert({events_[i]});
    EXPECT_EQ(compare({events_[0], events_[1], events_[2], events_[3]}), counts(4, 0, 0, 0));
    EXPECT_EQ(compare({events_[0], events_[5], events_[2], events_[3]}), counts(3, 1, 0, 1));
  } while (std::ranges::next_permutation(order).found);
}

TEST_F(MirrorCompareTest, RowidsWithGapsAndBelowZero_AreFound) {
  insert(events_);
  exec("UPDATE events SET rowid = -5 WHERE rowid = 2");
  exec("UPDATE events SET rowid = 9000000000000000000 WHERE rowid = 4");
  EXPECT_EQ(compare(events_), counts(6, 0, 0, 0));
}

TEST_F(MirrorCompareTest, LongLedger_IsWalkedInOrder) {
  const auto events = ledger::sealed_events(5000);
  exec("BEGIN");
  insert(events);
  exec("COMMIT");
  exec("DELETE FROM events WHERE rowid % 1000 = 7");
  exec("UPDATE events SET session_id = NULL WHERE rowid % 1000 = 500");
  EXPECT_EQ(compare(events), counts(4990, 5, 5, 0));
}

}  // namespace
}  // namespace cortex::store
