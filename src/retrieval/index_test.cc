#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "retrieval/index_check.h"
#include "retrieval/index_fixture.h"

namespace cortex::retrieval {
namespace {

using IndexTest = IndexFixture;

TEST_F(IndexTest, FindsWhatWasSaid) {
  add_event("s1", "Ann", "I bought a red bicycle yesterday");
  add_event("s1", "Bob", "The weather is nice");
  add_event("s2", "Ann", "My cat sleeps all day");
  EXPECT_EQ(update().events, 3U);
  const auto result = search("bicycles");
  ASSERT_FALSE(result.hits.empty());
  EXPECT_EQ(result.hits[0].ref, 1U);
  EXPECT_EQ(result.unindexed, 0U);
  EXPECT_TRUE(search("submarine").hits.empty());
}

TEST_F(IndexTest, WhatIsSaidForAWordIsFoundBehindTheWordItself) {
  add_event("s1", "Ann", "The puppy sleeps all day");
  add_event("s2", "Bob", "The weather is nice today");
  add_event("s3", "Eve", "My pet sleeps all day");
  update();
  const auto result = search("pets");
  ASSERT_EQ(result.hits.size(), 2U);
  EXPECT_EQ(result.hits[0].ref, 3U);
  EXPECT_EQ(result.hits[1].ref, 1U);
  EXPECT_TRUE(result.hits[1].direct);
}

// Nobody says the word that is asked for: what is said for it stands for it, on the same scale.
TEST_F(IndexTest, AWordThatNobodySaysIsFoundByWhatIsSaidForIt) {
  add_event("s1", "Ann", "She plays the violin");
  add_event("s2", "Bob", "The weather is nice");
  update();
  const auto result = search("instrument");
  ASSERT_EQ(result.hits.size(), 1U);
  EXPECT_EQ(result.hits[0].ref, 1U);
  EXPECT_GT(result.hits[0].score, 0.1F);
  EXPECT_LT(result.hits[0].score, 2.0F);
}

// What is said everywhere says nothing.
TEST_F(IndexTest, AFrequentWordStandsForNoOther) {
  for (int i = 0; i < 60; ++i) add_event("s", "Ann", cat("the dog and number", i));
  add_event("t", "Bob", "a parrot");
  update();
  const auto result = search("pet");
  ASSERT_EQ(result.hits.size(), 1U);
  EXPECT_EQ(result.hits[0].ref, 61U);
}

TEST_F(IndexTest, RowsThatAreNotIndexedAreFoundAllTheSame) {
  add_event("s1", "Ann", "I bought a red bicycle");
  update();
  add_event("s1", "Ann", "and a blue helmet");
  add_memory("mem_1", "helmets are safe", "active");
  const auto lagging = search("helmet bicycle");
  EXPECT_EQ(lagging.unindexed, 2U);
  EXPECT_EQ(lagging.hits.size(), 3U);
  update();
  const auto level = search("helmet bicycle");
  EXPECT_EQ(level.unindexed, 0U);
  EXPECT_EQ(shown(level), shown(lagging));
}

TEST_F(IndexTest, AStoreWithoutAnIndexIsSearchedFromItsTables) {
  add_event("s1", "Ann", "I bought a red bicycle");
  add_event("s1", "Bob", "Which colour has the bicycle?");
  const auto bare = search("bicycle colour");
  EXPECT_EQ(bare.hits.size(), 2U);
  update();
  EXPECT_EQ(shown(search("bicycle colour")), shown(bare));
}

// However the documents came in, one by one or at once, sealed or not: the same answers.
TEST_F(IndexTest, ARebuildChangesNothing) {
  for (int i = 0; i < 1700; ++i) {
    add_event(cat("s", i % 7), i % 2 == 0 ? "Ann" : "Bob",
              cat("note ", i, " about topic", i % 13, " and thing", i % 101, " again"));
    if (i % 3 == 0) update();
  }
  update();
  auto segments = read_segments(*db_);
  ASSERT_TRUE(segments.ok());
  EXPECT_GT(segments->size(), 1U);
  const std::string grown = shown(search("topic5 thing7 note 1200", 50));
  rebuild();
  segments = read_segments(*db_);
  EXPECT_EQ(segments->size(), 1U);
  EXPECT_EQ(shown(search("topic5 thing7 note 1200", 50)), grown);
}

TEST_F(IndexTest, SegmentsOfASizeAreMerged) {
  for (int i = 0; i < 5000; ++i) {
    add_event("s", "Ann", cat("note ", i));
    if (i % 600 == 0) update();
  }
  update();
  const auto segments = read_segments(*db_);
  ASSERT_TRUE(segments.ok());
  EXPECT_LE(segments->size(), 6U);
  EXPECT_EQ(search("note 4321").hits.at(0).ref, 4322U);
}

TEST_F(IndexTest, AMemoryThatChangesIsFoundByItsNewWordsOnly) {
  add_memory("mem_1", "the deploy key lies in the safe", "active");
  add_memory("mem_2", "lunch is at noon", "active");
  update();
  exec("UPDATE memories SET claim = 'the deploy key was lost' WHERE id = 'mem_1'");
  for (const bool indexed : {false, true}) {
    if (indexed) update();
    EXPECT_EQ(search("safe").hits.size(), 0U) << indexed;
    EXPECT_EQ(search("deploy").hits.size(), 1U) << indexed;
    EXPECT_EQ(search("lost").hits.size(), 1U) << indexed;
  }
  const std::string changed = shown(search("deploy key lunch"));
  rebuild();
  EXPECT_EQ(shown(search("deploy key lunch")), changed);
}

TEST_F(IndexTest, AMemoryIsFoundWhileItIsActive) {
  add_memory("mem_1", "the deploy key lies in the safe", "candidate");
  update();
  EXPECT_TRUE(search("deploy").hits.empty());
  exec("UPDATE memories SET status = 'active' WHERE id = 'mem_1'");
  update();
  EXPECT_EQ(search("deploy").hits.size(), 1U);
  exec("DELETE FROM memories WHERE id = 'mem_1'");
  update();
  EXPECT_TRUE(search("deploy").hits.empty());
}

TEST_F(IndexTest, AnEventThatWasChangedMakesTheIndexForgetItself) {
  add_event("s1", "Ann", "I bought a red bicycle");
  update();
  exec("UPDATE events SET payload_json = '{\"text\":\"a green boat\"}'");
  EXPECT_TRUE(search("bicycle").hits.empty());
  EXPECT_EQ(search("boat").hits.size(), 1U);
  EXPECT_TRUE(update().rebuilt);
  EXPECT_EQ(search("boat").hits.size(), 1U);
}

TEST_F(IndexTest, OperationsAreNoEvents) {
  add_event("s1", "Ann", "I bought a red bicycle");
  exec(
      "INSERT INTO events SELECT 'evt_op', schema_version, observed_at, recorded_at,"
      " '{\"type\":\"runtime\"}', 'cortex.event.system_note.v1', NULL, NULL, '[]',"
      " '{\"args\":{\"claim\":\"bicycle\"},\"cortex_operation\":\"memory.note\",\"v\":1}', 'h',"
      " NULL, 'x', NULL FROM events");
  update();
  EXPECT_EQ(search("bicycle").hits.size(), 1U);
}

TEST_F(IndexTest, EveryDamagedBlobIsNoticedOrHarmless) {
  for (int i = 0; i < 600; ++i) add_event("s", "Ann", cat("note ", i, " common"));
  update();
  const struct {
    const char* sql;
  } damages[] = {
      {"UPDATE cortex_recall_segments SET last_doc = last_doc - 1"},
      {"UPDATE cortex_recall_terms SET postings = x'ff'"},
      {"UPDATE cortex_recall_terms SET postings = x'00ffff'"},
      {"UPDATE cortex_recall_terms SET postings = substr(postings, 1, length(postings) - 1)"},
      {"UPDATE cortex_recall_blocks SET data = x'00'"},
      {"UPDATE cortex_recall SET sealed = 5"},
      {"UPDATE cortex_recall SET docs = docs + 1"},
  };
  for (const auto& damage : damages) {
    exec("SAVEPOINT damage");
    exec(damage.sql);
    auto searcher = Searcher::open(*db_);
    SearchRequest request;
    request.query = "common note";
    if (searcher.ok()) {
      const auto found = searcher->search(request);
      ASSERT_FALSE(found.ok()) << damage.sql;
      EXPECT_EQ(found.error().token, kCorruptToken);
    } else {
      EXPECT_EQ(searcher.error().token, kCorruptToken) << damage.sql;
    }
    exec("ROLLBACK TO damage");
    exec("RELEASE damage");
  }
}

TEST_F(IndexTest, TheCheckSeesWhatSearchesMayNot) {
  const auto problem = [&] { return check_index(*db_).value(); };
  EXPECT_NE(problem(), "");
  for (int i = 0; i < 600; ++i) add_event("s", "Ann", cat("note ", i, " common"));
  add_memory("mem_1", "common knowledge", "active");
  update();
  add_event("s", "Ann", "the last one");
  EXPECT_NE(problem(), "");
  update();
  EXPECT_EQ(problem(), "");
  for (const char* damage :
       {"UPDATE cortex_recall_docs SET terms = (SELECT terms FROM cortex_recall_docs WHERE doc ="
        " 7) WHERE doc = 8",
        "DELETE FROM cortex_recall_terms WHERE id = (SELECT max(id) FROM cortex_recall_terms)",
        "UPDATE cortex_recall_terms SET df = df + 1 WHERE id = (SELECT min(id) FROM"
        " cortex_recall_terms)",
        "UPDATE cortex_recall SET live = live + 1",
        "UPDATE cortex_recall_blocks SET data = zeroblob(length(data)) WHERE block = 0"}) {
    exec("SAVEPOINT damage");
    exec(damage);
    EXPECT_NE(problem(), "") << damage;
    exec("ROLLBACK TO damage");
    exec("RELEASE damage");
  }
}

// Blocks of records are dropped when there are many; what fails then leaves nothing behind.
TEST_F(IndexTest, ARecordIsReadAgainAfterABlockThatIsMissing) {
  constexpr int kBlocks = 8193;  // one more than are kept
  update();
  exec(cat("UPDATE cortex_recall SET docs = ", kBlocks * 50, ", sealed = ", kBlocks * 50));
  exec(cat("INSERT INTO cortex_recall_segments VALUES(1, 1, ", kBlocks * 50, ", 0)"));
  exec(cat("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ", kBlocks - 2,
           ") INSERT INTO cortex_recall_blocks SELECT i, zeroblob(2000) FROM n"));
  auto transaction = sqlite::Transaction::begin(*db_, sqlite::Transaction::Kind::kDeferred);
  auto reader = IndexReader::open(*db_, *read_index_state(*db_));
  ASSERT_TRUE(reader.ok()) << reader.error().text();
  for (DocId block = 0; block + 1 < kBlocks; ++block) {
    ASSERT_TRUE(reader->record(block * kBlockDocs + 1).ok());
  }
  EXPECT_FALSE(reader->record(kBlocks * 50).ok());
  const std::uint64_t rows = reader->work().rows;
  const auto again = reader->record((kBlocks - 2) * 50 + 1);
  ASSERT_TRUE(again.ok()) << again.error().text();
  EXPECT_EQ(**again, DocRecord{});
  EXPECT_EQ(reader->work().rows, rows + 1) << "its block was read again";
}

TEST_F(IndexTest, FiltersHold) {
  add_event("s1", "Ann", "bicycle one");
  add_event("s2", "Ann", "bicycle two");
  add_memory("mem_1", "bicycle three", "active");
  update();
  SearchRequest request;
  request.query = "bicycle";
  EXPECT_EQ(search(request).hits.size(), 3U);
  request.session = "s2";
  EXPECT_EQ(search(request).hits.size(), 1U);
  request.session = "unknown";
  EXPECT_EQ(search(request).hits.size(), 0U);
  request.session.reset();
  request.memories = false;
  EXPECT_EQ(search(request).hits.size(), 2U);
  request.since = 1'700'000'100;
  EXPECT_EQ(search(request).hits.size(), 1U);
  request.since.reset();
  request.until = 1'700'000'100;
  EXPECT_EQ(search(request).hits.size(), 1U);
  request.until.reset();
  request.as_of = 1'700'000'060;
  EXPECT_EQ(search(request).hits.size(), 1U);
  request.as_of.reset();
  for (const char* source : {"tool", "chat", "tool:chat"}) {
    request.source = source;
    EXPECT_EQ(search(request).hits.size(), 2U) << source;
  }
  request.source = "user";
  EXPECT_EQ(search(request).hits.size(), 0U);
}

// What the filter admits is found, however many better turns there are elsewhere.
TEST_F(IndexTest, AFilterFindsWhatManyBetterTurnsHide) {
  add_event("s2", "Ann", "a very long remark in which at the end some bicycle is mentioned once");
  add_memory("mem_1", "a very long remark in which at the end some bicycle is mentioned", "active");
  for (int i = 0; i < 4200; ++i) add_event("s1", "Bob", "bicycle");
  update();
  SearchRequest request;
  request.query = "bicycle";
  request.session = "s2";
  ASSERT_EQ(search(request).hits.size(), 1U);
  EXPECT_EQ(search(request).hits[0].ref, 1U);
  request.session.reset();
  request.events = false;
  ASSERT_EQ(search(request).hits.size(), 1U);
  EXPECT_EQ(search(request).hits[0].kind, Kind::kMemory);
  request.events = true;
  request.until = 1'700'000'061;
  request.memories = false;
  ASSERT_EQ(search(request).hits.size(), 1U);
  EXPECT_EQ(search(request).hits[0].ref, 1U);
}

// A search of memories reads no record of an event, and the other way round, however many hold the
// words and wherever they lie.
TEST_F(IndexTest, TheKindThatIsNotAskedForCostsNoRecords) {
  constexpr std::uint64_t kFew = 20;  // 5,000 records are 100 rows
  const auto rows_of = [&](bool events) {
    SearchRequest request;
    request.query = "bicycle";
    request.events = events;
    request.memories = !events;
    const SearchResult found = search(request);
    EXPECT_EQ(found.hits.size(), 2U);
    for (const Ranked& hit : found.hits) EXPECT_EQ(hit.kind == Kind::kEvent, events);
    return found.work.rows;
  };
  add_memory("mem_1", "bicycle lamp", "active");
  add_event("s1", "Ann", "bicycle lamp");
  update();
  add_memory("mem_2", "bicycle bell", "active");
  add_event("s1", "Ann", "bicycle bell");
  for (int i = 3; i < 5003; ++i) add_event("s1", "Bob", "bicycle");
  EXPECT_LE(rows_of(false), kFew) << "before they are indexed";
  update();
  EXPECT_LE(rows_of(false), kFew);
  exec("DELETE FROM events WHERE rowid > 2");
  update();
  for (int i = 3; i < 5003; ++i) add_memory(cat("mem_", i), "bicycle", "active");
  EXPECT_LE(rows_of(true), kFew) << "before they are indexed";
  update();
  EXPECT_LE(rows_of(true), kFew);
}

// Random stores and questions: whatever part of the store lies in which segment, or in none, the
// same hits with the same scores to the last bit.
TEST_F(IndexTest, RankingDoesNotDependOnHowTheIndexIsCut) {
  std::mt19937 random(7);
  const auto word = [&] {
    const double u = std::generate_canonical<double, 32>(random);
    return cat("word", static_cast<int>(300 * u * u * u));
  };
  const auto text = [&](int words) {
    std::string out;
    for (; words > 0; --words) out += cat(word(), " ");
    return out;
  };
  std::vector<std::string> questions;
  questions.reserve(12);
  for (int i = 0; i < 12; ++i) questions.push_back(text(1 + i % 6));
  const auto answers = [&] {
    std::vector<std::string> out;
    out.reserve(questions.size());
    for (const std::string& question : questions) out.push_back(exact(search(question, 300)));
    return out;
  };
  for (int i = 0; i < 3400; ++i) {
    const auto session = static_cast<int>(random() % 40);
    add_event(cat("s", session), session % 2 == 0 ? "Ann" : "Bob",
              text(1 + static_cast<int>(random() % 40)));
    if (random() % 90 == 0) update();
  }
  const auto grown = answers();
  update();
  EXPECT_EQ(answers(), grown) << "with and without rows that are not indexed";
  EXPECT_GT(read_segments(*db_)->size(), 1U);
  rebuild();
  EXPECT_EQ(read_segments(*db_)->size(), 1U);
  EXPECT_EQ(answers(), grown) << "after a rebuild";
  exec("DROP TABLE cortex_recall");
  EXPECT_EQ(answers(), grown) << "without an index";
}

// The cost of one more event does not grow with the index, up to seals and merges.
TEST_F(IndexTest, WorkOfAQueryIsBoundedByItsPostings) {
  for (int i = 0; i < 3000; ++i) add_event("s", "Ann", cat("rare", i, " filler", i));
  update();
  const auto result = search("rare1234");
  EXPECT_EQ(result.hits.at(0).ref, 1235U);
  EXPECT_LT(result.work.postings, 200U);
  EXPECT_LT(result.work.rows, 60U);
}

}  // namespace
}  // namespace cortex::retrieval
