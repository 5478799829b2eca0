#include "retrieval/segment_builder.h"

#include <gtest/gtest.h>

#include <map>

#include "retrieval/index_fixture.h"

namespace cortex::retrieval {
namespace {

using Lists = std::map<Term, std::vector<std::uint32_t>>;

// As many terms as it has, some of them common, in the order of a document.
std::vector<DocTerm> terms_of(DocId doc) {
  std::map<Term, std::uint8_t> counts;
  for (std::uint64_t i = 0; i < 5 + doc % 40; ++i) {
    counts[i % 3 == 0 ? i : (doc * 2654435761U + i * 40503U) % 9973 << 20U] =
        static_cast<std::uint8_t>(1 + i % 7);
  }
  std::vector<DocTerm> terms;
  for (const auto& [term, count] : counts) terms.push_back({term, count});
  return terms;
}

Lists stored_lists(sqlite::Connection& db, const Segment& segment) {
  Lists lists;
  auto rows = db.prepare("SELECT id, df, postings FROM cortex_recall_terms ORDER BY id").value();
  while (rows.step().value()) {
    auto& list = lists[static_cast<Term>(rows.column_int(0)) & kTermMask];
    PostingReader reader(rows.column_blob(2), 0, segment.size());
    PostingBlock block;
    while (reader.next(block))
      list.insert(list.end(), block.docs.data(), block.docs.data() + block.size);
    EXPECT_TRUE(reader.ok());
    EXPECT_EQ(static_cast<std::int64_t>(list.size()), rows.column_int(1));
  }
  return lists;
}

class SegmentBuilderTest : public IndexFixture {};

// From few postings, sorted by one thread, to many, sorted by two, of which the halves meet within
// a document or between two.
TEST_F(SegmentBuilderTest, ListsHaveTheirDocuments_InOrder) {
  for (const DocId docs : {1U, 2U, 700U, 1400U, 1401U}) {
    ASSERT_TRUE(reset_index(*db_).ok());
    SegmentBuilder builder;
    Lists expected;
    builder.start(1);
    for (DocId doc = 0; doc < docs; ++doc) {
      const std::vector<DocTerm> terms = terms_of(doc);
      for (const DocTerm& one : terms) expected[one.term].push_back(doc);
      builder.add(static_cast<std::uint16_t>(terms.size()), terms);
    }
    const std::size_t postings = builder.postings();
    ASSERT_TRUE(builder.write(*db_, 1).ok());
    const auto segments = read_segments(*db_).value();
    ASSERT_EQ(segments.size(), 1U);
    EXPECT_EQ(segments[0].postings, postings);
    EXPECT_EQ(segments[0].last, docs);
    EXPECT_EQ(stored_lists(*db_, segments[0]), expected) << docs;
    EXPECT_EQ(builder.size(), 0U);
  }
}

}  // namespace
}  // namespace cortex::retrieval
