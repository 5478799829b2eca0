#include "app/known_ids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/app_fixture.h"
#include "core/ids.h"
#include "store/store_fixture.h"

namespace cortex::app {
namespace {

class KnownIdsTest : public AppTest {
 protected:
  static IdSet ids(std::initializer_list<std::uint64_t> numbers) {
    IdSet out;
    for (const std::uint64_t n : numbers) out.insert(event(n).id);
    return out;
  }
  Result<IdSet> known(const IdSet& asked) {
    CORTEX_ASSIGN(auto log, ledger::AppendLog::open(fs_, log_, clock_, random_));
    return known_ids(fs_, layout_, nullptr, *log, asked);
  }
  // Row 1 decodes no more, where no append looks: only who reads the ledger from its start fails.
  void spoil_first_row() {
    std::string text = get(log_);
    text[0] = 'x';
    put(log_, text);
  }
};

TEST_F(KnownIdsTest, NothingAskedOrNothingThere_IsNothingKnown) {
  EXPECT_TRUE(known(ids({1, 2}))->empty());
  fill(2);
  EXPECT_TRUE(known({})->empty());
}

TEST_F(KnownIdsTest, StoreThatMirrorsAll_AnswersWithoutTheLedger) {
  fill(5);
  spoil_first_row();
  const auto found = known(ids({1, 3, 5, 6, 99}));
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_EQ(*found, ids({1, 3, 5}));
}

TEST_F(KnownIdsTest, LaggingStore_AnswersForItsPartAndTheLedgerForTheRest) {
  fill(3);
  append(4, 3);
  spoil_first_row();
  const auto found = known(ids({2, 3, 4, 6, 7}));
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_EQ(*found, ids({2, 3, 4, 6}));
}

TEST_F(KnownIdsTest, ConnectionOfTheCaller_IsAskedInsteadOfTheFile) {
  fill(4);
  auto db = store::open_for_writing(db_).value();
  layout_.db_path = folder_ / "none";
  spoil_first_row();
  auto log = ledger::AppendLog::open(fs_, log_, clock_, random_).value();
  const auto found = known_ids(fs_, layout_, &db.connection, *log, ids({4, 5}));
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_EQ(*found, ids({4}));
}

TEST_F(KnownIdsTest, WithoutAStore_TheLedgerAnswers) {
  append(1, 3);
  ASSERT_TRUE(fs_.remove_file(db_).ok());
  EXPECT_EQ(known(ids({0, 1, 3, 4})).value(), ids({1, 3}));
  put(db_, std::string(8192, 'x'));
  EXPECT_EQ(known(ids({0, 1, 3, 4})).value(), ids({1, 3}));
  spoil_first_row();
  EXPECT_EQ(code_of(known(ids({1}))), Code::kChain);
}

TEST_F(KnownIdsTest, ConflictInTheStore_MakesTheLedgerAnswer) {
  fill(3);
  exec("INSERT INTO cortex_mirror_conflicts VALUES ('e', 1, 'duplicate_id', 'd', NULL, 'now')");
  EXPECT_EQ(known(ids({1, 4})).value(), ids({1}));
  spoil_first_row();
  EXPECT_EQ(code_of(known(ids({1}))), Code::kChain);
}

TEST_F(KnownIdsTest, RowThatTheLedgerLacks_IsNotTakenForKnown) {
  fill(3);
  exec(cat("INSERT INTO events SELECT '", id_of(7),
           "', schema_version, observed_at, recorded_at, source_json, event_type, trace_id,"
           " session_id, domain_tags_json, payload_json, payload_hash, prev_event_hash, 'h', NULL"
           " FROM events LIMIT 1"));
  EXPECT_EQ(known(ids({1, 7})).value(), ids({1}));
}

TEST_F(KnownIdsTest, RowThatTheStoreLost_IsStillKnown) {
  fill(3);
  exec("DELETE FROM events WHERE id = '" + id_of(3) + "'");
  EXPECT_EQ(known(ids({3})).value(), ids({3}));
}

TEST_F(KnownIdsTest, RowsThatTheStoreLostInTheMiddleAndOnTop_AreStillKnown) {
  fill(4);
  auto db = store::open_for_writing(db_).value();
  for (const std::uint64_t lost : {2U, 4U}) {
    const std::string id = core::id_text(core::IdKind::kEvent, event(lost).id);
    ASSERT_TRUE(db.connection.exec(cat("DELETE FROM events WHERE id = '", id, "'")).ok());
    EXPECT_EQ(known(ids({lost, 9})).value(), ids({lost}));
  }
}

TEST_F(KnownIdsTest, MirrorOfAnotherLedger_IsNotBelieved) {
  fill(3);
  put(log_, "");
  append(11, 3);
  EXPECT_EQ(known(ids({1, 12})).value(), ids({12}));
}

TEST_F(KnownIdsTest, ManyIds_AreAskedInParts) {
  constexpr std::uint64_t kRows = 10'001;
  fill(kRows);
  spoil_first_row();
  IdSet asked;
  for (std::uint64_t n = 1; n <= kRows + 5; ++n) asked.insert(event(n).id);
  const auto found = known(asked);
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_EQ(found->size(), kRows);
}

}  // namespace
}  // namespace cortex::app
