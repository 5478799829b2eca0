#include "retrieval/vector_index.h"

#include <gtest/gtest.h>

#include <string>

#include "retrieval/index_check.h"
#include "retrieval/index_fixture.h"
#include "retrieval/static_model_fixture.h"

namespace cortex::retrieval {
namespace {

class VectorIndexTest : public IndexFixture {
 protected:
  void SetUp() override {
    IndexFixture::SetUp();
    model();
  }
  StaticModel& model(float boat = 1.0F) {
    write_model(dir_ / "model", boat);
    auto opened = StaticModel::open(fs::posix(), dir_ / "model");
    EXPECT_TRUE(opened.ok()) << opened.error().text();
    model_.emplace(std::move(opened).value());
    return *model_;
  }
  std::uint64_t embed() {
    auto transaction = sqlite::Transaction::begin(*db_, sqlite::Transaction::Kind::kImmediate);
    const auto made = update_vectors(*db_, *model_);
    EXPECT_TRUE(made.ok()) << made.error().text();
    EXPECT_TRUE(transaction->commit().ok());
    return made.ok() ? *made : 0;
  }
  Result<SearchResult> ask(std::string_view question,
                           std::optional<std::string> session = std::nullopt) {
    auto transaction = sqlite::Transaction::begin(*db_, sqlite::Transaction::Kind::kDeferred);
    CORTEX_ASSIGN(auto searcher, Searcher::open(*db_));
    SearchRequest request;
    request.query = question;
    request.vectors = &*model_;
    request.session = std::move(session);
    return searcher.search(request);
  }

  std::optional<StaticModel> model_;
};

TEST_F(VectorIndexTest, WhatMeansTheSameIsFoundWithoutACommonWord) {
  add_event("s1", "Ann", "my lantern sleeps");
  add_event("s2", "Bob", "the boat is red");
  for (int i = 0; i < 200; ++i) add_event(cat("other", i), "Eve", "nothing of the kind");
  update();
  EXPECT_TRUE(search("lamp").hits.empty());
  EXPECT_EQ(embed(), 2U);
  const auto found = ask("lamp");
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_TRUE(found->vectors);
  ASSERT_FALSE(found->hits.empty());
  EXPECT_EQ(found->hits[0].ref, 1U);
  EXPECT_GT(found->hits[0].parts.vectors, 0.0F);
}

TEST_F(VectorIndexTest, OnlyWhatIsNewGetsAVector) {
  add_event("s1", "Ann", "my lantern sleeps");
  update();
  EXPECT_EQ(embed(), 1U);
  EXPECT_EQ(embed(), 0U);
  for (int i = 0; i < 130; ++i) {
    add_event("s1", "Ann", "a boat");
    update();
    EXPECT_EQ(embed(), 1U);
  }
  EXPECT_EQ(db_->query_int("SELECT count(*) FROM cortex_recall_vectors").value(), 3);
  const auto grown = exact(*ask("boat"));
  exec("DELETE FROM cortex_recall_vectors");
  EXPECT_EQ(embed(), 131U);
  EXPECT_EQ(exact(*ask("boat")), grown);
}

// The index forgets itself, its vectors lie there until it is built anew: they belong to documents
// that are counted in another way now.
TEST_F(VectorIndexTest, VectorsOfAnIndexThatIsNoMoreAreNotCompared) {
  add_event("s1", "Ann", "my lantern sleeps");
  add_event("s2", "Bob", "the boat is red");
  update();
  EXPECT_EQ(embed(), 2U);
  exec("DELETE FROM events WHERE rowid = 1");
  add_event("s3", "Eve", "nothing of the kind");
  ASSERT_EQ(db_->query_int("SELECT count(*) FROM cortex_recall_vectors").value(), 1);
  const auto found = ask("lamp");
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_FALSE(found->vectors);
  EXPECT_TRUE(found->hits.empty()) << shown(*found);
}

TEST_F(VectorIndexTest, RowsThatAreNotIndexedHaveNoVectorYet) {
  add_event("s1", "Ann", "my lantern sleeps");
  update();
  EXPECT_FALSE(ask("lamp")->vectors) << "none was made";
  embed();
  add_event("s2", "Bob", "a lantern in a boat");
  const auto found = ask("lamp");
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_TRUE(found->vectors);
  ASSERT_EQ(found->hits.size(), 1U);
  EXPECT_EQ(found->hits[0].ref, 1U);
  EXPECT_FALSE(ask("unheard")->vectors) << "the model knows no word";
}

TEST_F(VectorIndexTest, AFilterFindsWhatManyMoreAlikeTurnsHide) {
  for (int i = 0; i < 500; ++i) add_event(cat("other", i), "Eve", "a lantern");
  add_event("s1", "Ann", "my lantern lies in the boat");
  update();
  embed();
  const auto found = ask("lamp", "s1");
  ASSERT_TRUE(found.ok()) << found.error().text();
  ASSERT_EQ(found->hits.size(), 1U);
  EXPECT_EQ(found->hits[0].ref, 501U);
}

TEST_F(VectorIndexTest, VectorsOfAnotherModelAreRefusedAndMadeAgain) {
  add_event("s1", "Ann", "my lantern and a boat");
  update();
  embed();
  model(0.25F);
  const auto refused = ask("lamp");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().token, kVectorsToken);
  EXPECT_EQ(embed(), 1U);
  EXPECT_TRUE(ask("lamp").ok());
}

TEST_F(VectorIndexTest, AChangedMemoryHasTheVectorOfItsNewText) {
  add_memory("mem_1", "a lantern", "active");
  update();
  EXPECT_EQ(embed(), 1U);
  exec("UPDATE memories SET claim = 'a boat' WHERE id = 'mem_1'");
  update();
  EXPECT_EQ(embed(), 1U);
  EXPECT_EQ(ask("lamp")->hits.size(), 0U);
  EXPECT_EQ(check_index(*db_).value(), "");
  rebuild();
  EXPECT_EQ(db_->query_int("SELECT count(*) FROM cortex_recall_vectors").value(), 0);
}

TEST_F(VectorIndexTest, AMemoryThatIsRewordedWithTheSameTermsHasTheVectorOfItsNewText) {
  add_memory("mem_1", "the lantern", "active");
  add_memory("mem_2", "the boat", "active");
  update();
  EXPECT_EQ(embed(), 2U);
  exec("UPDATE memories SET claim = 'a lantern' WHERE id = 'mem_1'");
  exec("UPDATE memories SET status = 'candidate' WHERE id = 'mem_2'");
  update();
  EXPECT_EQ(embed(), 1U);
  EXPECT_EQ(check_index(*db_).value(), "");
  const auto found = ask("lamp");
  ASSERT_EQ(found->hits.size(), 1U);
  EXPECT_GT(found->hits[0].parts.vectors, 0.0F);
}

TEST_F(VectorIndexTest, DamagedVectorsAreNoticed) {
  for (int i = 0; i < 70; ++i) add_event("s1", "Ann", "a boat");
  update();
  embed();
  EXPECT_EQ(check_index(*db_).value(), "");
  for (const char* damage :
       {"DELETE FROM cortex_recall_vectors WHERE block = 0",
        "UPDATE cortex_recall_vectors SET data = x'00'", "UPDATE cortex_recall_vectors SET dim = 0",
        "UPDATE cortex_recall_vectors SET dim = 100000",
        "UPDATE cortex_recall_vectors SET data = x'' || data || data WHERE block = 1"}) {
    exec("SAVEPOINT damage");
    exec(damage);
    const auto found = ask("lamp");
    EXPECT_FALSE(found.ok()) << damage;
    EXPECT_NE(check_index(*db_).value(), "") << damage;
    exec("ROLLBACK TO damage");
    exec("RELEASE damage");
  }
  exec("UPDATE cortex_recall_vectors SET data = zeroblob(length(data)) WHERE block = 1");
  EXPECT_NE(check_index(*db_).value(), "") << "the digest of another text";
}

}  // namespace
}  // namespace cortex::retrieval
