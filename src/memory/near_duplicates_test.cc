#include "memory/near_duplicates.h"

#include <gmock/gmock.h>

#include "base/text.h"
#include "memory/memory_fixture.h"

namespace cortex::memory {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class NearDuplicatesTest : public MemoryTest {
 protected:
  std::vector<std::string> like(std::string_view claim) {
    std::vector<std::string> ids;
    for (const NearDuplicate& one : near_duplicates(db_, claim).value()) {
      ids.push_back(one.memory_id);
    }
    return ids;
  }
};

constexpr std::string_view kClaim =
    "the deploy of the payment service needs the migration of the ledger database to be finished "
    "before the feature flag for the new checkout page may be switched on in any region";

TEST_F(NearDuplicatesTest, Similarity_LooksAtWordsInTheirOrder) {
  EXPECT_EQ(similarity("The cat, sat!", "the CAT sat"), 1.0);
  EXPECT_LT(similarity("the cat sat on the mat", "mat the on sat cat the"), 0.1);
  EXPECT_EQ(similarity("a", "b"), 0.0);
  EXPECT_EQ(similarity("", ""), 1.0);
  EXPECT_GE(similarity(kClaim, cat(kClaim, " again")), kNearDuplicateFrom);
}

TEST_F(NearDuplicatesTest, FindsTheSameAndTheNearlySame_NotTheOthers) {
  add(1, "active", kClaim);
  add(2, "candidate", cat(kClaim, " again"));
  add(3, "active", "quite another matter of no interest here at all");
  add(4, "rejected", kClaim);
  EXPECT_THAT(like(kClaim), ElementsAre(id_of(1), id_of(2)));
  EXPECT_THAT(like("The deploy was on Thursday"), IsEmpty());
  EXPECT_TRUE(near_duplicates(db_, kClaim).value().front().same_text);
}

TEST_F(NearDuplicatesTest, MemoriesOfOtherPrograms_AreIndexedWhenTheyAreMet) {
  add(1, "active", kClaim);
  EXPECT_THAT(like(kClaim), ElementsAre(id_of(1)));
  add(2, "active", kClaim);  // straight into the table
  EXPECT_THAT(like(kClaim), ElementsAre(id_of(1), id_of(2)));
}

// Counted, not timed: nothing but the likes is looked at once the index is up to date.
TEST_F(NearDuplicatesTest, CostDoesNotGrowWithTheStore) {
  constexpr std::uint64_t kMany = 1000;
  ASSERT_TRUE(db_.exec("BEGIN").ok());
  for (std::uint64_t n = 1; n <= kMany; ++n) {
    add(n, "active", cat("subject ", n, " stands in row ", n * 7, " of table ", n * 13));
  }
  EXPECT_THAT(like(kClaim), IsEmpty());
  const auto marks = marks_of("subject 7 stands in row 49 of table 91");
  EXPECT_LT(store::claims_with_marks(db_, marks, kMany).value().size(), 20U);
  std::string plan;
  auto explain = db_.prepare(
      "EXPLAIN QUERY PLAN SELECT m.id FROM json_each('[1]') j"
      " JOIN cortex_claim_marks k ON k.mark = j.value JOIN memories m ON m.rowid = k.memory_row");
  while (explain->step().value()) plan += cat(explain->column_text(3), "\n");
  EXPECT_THAT(plan, testing::HasSubstr("SEARCH k USING PRIMARY KEY (mark=?)"));
  EXPECT_THAT(plan, testing::Not(testing::HasSubstr("SCAN m")));
}

TEST_F(NearDuplicatesTest, CopiesThatWereRejected_HideNoneThatHolds) {
  ASSERT_TRUE(db_.exec("BEGIN").ok());
  for (std::uint64_t n = 1; n <= kComparedMax; ++n) {
    add(n, n % 2 == 0 ? "rejected" : "superseded", kClaim);
  }
  add(kComparedMax + 1, "active", kClaim);
  EXPECT_THAT(like(kClaim), ElementsAre(id_of(kComparedMax + 1)));
}

TEST_F(NearDuplicatesTest, ManyCopies_AreComparedUpToTheLimit) {
  ASSERT_TRUE(db_.exec("BEGIN").ok());
  for (std::uint64_t n = 1; n <= kComparedMax + 10; ++n) add(n, "active", kClaim);
  EXPECT_EQ(like(kClaim).size(), kComparedMax);
}

}  // namespace
}  // namespace cortex::memory
