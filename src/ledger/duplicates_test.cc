#include "ledger/duplicates.h"

#include <gmock/gmock.h>

#include "ledger/ledger_fixture.h"

namespace cortex::ledger {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Rows with these ids, and what the finder says about them.
struct Search {
  // `filter_bytes`: the size of the ledger that the filter is made for.
  explicit Search(const std::vector<std::uint64_t>& ids, std::uint64_t filter_bytes = 1U << 20U)
      : finder(filter_bytes), file("") {
    for (const std::uint64_t id : ids) {
      core::Event event = sample_event(id);
      seal(event, std::nullopt);
      finder.add(event.id);
      file.text += row_text(event);
    }
  }
  DuplicateReport finish() { return finder.finish(file, file.text.size()).value(); }

  DuplicateFinder finder;
  TextFile file;
};

std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t count) {
  std::vector<std::uint64_t> out;
  out.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(first + i);
  return out;
}

TEST(Duplicates, NoIds_NoReport) {
  Search search({});
  const DuplicateReport report = search.finish();
  EXPECT_EQ(report.total, 0U);
  EXPECT_EQ(report.rows_checked, 0U);
}

TEST(Duplicates, DistinctIds_NeedNoSecondPass) {
  Search search(numbers(1, 1000));
  const DuplicateReport report = search.finish();
  EXPECT_THAT(report.ids, IsEmpty());
  EXPECT_EQ(report.total, 0U);
  EXPECT_EQ(report.rows_checked, 1000U);
  EXPECT_EQ(search.file.bytes_read, 0U);
}

TEST(Duplicates, RepeatedIds_AreReportedOnceAndAscending) {
  auto ids = numbers(1, 1000);
  ids.insert(ids.end(), {900, 17, 17, 500, 900});
  Search search(ids);
  const DuplicateReport report = search.finish();
  EXPECT_THAT(report.ids, ElementsAre(Ulid{0, 17}, Ulid{0, 500}, Ulid{0, 900}));
  EXPECT_EQ(report.total, 3U);
  EXPECT_EQ(report.rows_checked, 1005U);
}

TEST(Duplicates, OneIdManyTimes_IsOneReport) {
  Search search(std::vector<std::uint64_t>(2000, 5));
  const DuplicateReport report = search.finish();
  EXPECT_THAT(report.ids, ElementsAre(Ulid{0, 5}));
  EXPECT_EQ(report.total, 1U);
}

TEST(Duplicates, IdsThatDifferInTheirUpperHalfOnly_AreDistinct) {
  DuplicateFinder finder(0);
  for (std::uint64_t high = 0; high < 50; ++high) finder.add(Ulid{high, 1});
  TextFile file("");
  EXPECT_EQ(finder.finish(file, 0)->total, 0U);
}

TEST(Duplicates, CollisionsOfTheFilter_BecomeNoReports) {
  // A filter for an empty ledger is full after some hundred ids.
  Search distinct(numbers(1, 5000), 0);
  const DuplicateReport none = distinct.finish();
  EXPECT_GT(distinct.file.bytes_read, 0U) << "collisions were looked into";
  EXPECT_EQ(none.total, 0U);
  EXPECT_EQ(none.rows_checked, 5000U);
  auto ids = numbers(1, 5000);
  ids.push_back(4000);
  EXPECT_THAT(Search(ids, 0).finish().ids, ElementsAre(Ulid{0, 4000}));
}

TEST(Duplicates, NoRepetition_IsMissedByAFullFilter) {
  auto ids = numbers(1, 700);
  for (const std::uint64_t id : numbers(1, 700)) ids.push_back(id);
  EXPECT_EQ(Search(ids, 0).finish().total, 700U);
}

TEST(Duplicates, MoreThanAreShown_AreCounted) {
  const std::uint64_t count = limits::kFailuresShownMax + 500;
  auto ids = numbers(1, count);
  for (const std::uint64_t id : numbers(1, count)) ids.push_back(id);
  const DuplicateReport report = Search(ids).finish();
  EXPECT_EQ(report.total, count);
  ASSERT_EQ(report.ids.size(), limits::kFailuresShownMax);
  EXPECT_EQ(report.ids.back(), (Ulid{0, limits::kFailuresShownMax})) << "the lowest ones";
}

TEST(Duplicates, TooManyCandidates_EndTheCheckAndTheReportSaysWhere) {
  constexpr std::uint64_t kMany = 300'000;  // more than are kept
  Search search({7, 8, 7});
  for (std::uint64_t i = 0; i < kMany; ++i) search.finder.add(Ulid{0, 8});
  const DuplicateReport report = search.finish();
  EXPECT_LT(report.rows_checked, kMany);
  EXPECT_GT(report.rows_checked, 200'000U);
  EXPECT_THAT(report.ids, ElementsAre(Ulid{0, 7})) << "8 stands once in the file";
}

TEST(Duplicates, RowsBehindThePrefix_DoNotCount) {
  Search search({1, 2, 1});
  const std::uint64_t size_bytes = search.file.text.size();
  search.file.text += "not a row\n";
  EXPECT_EQ(search.finder.finish(search.file, size_bytes)->total, 1U);
}

TEST(Duplicates, ReadFailureOfTheSecondPass_IsReturned) {
  Search search({1, 1});
  search.file.fails_from = 10;
  const auto report = search.finder.finish(search.file, search.file.text.size());
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.error().system_errno, EIO);
}

}  // namespace
}  // namespace cortex::ledger
