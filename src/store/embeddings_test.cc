#include "store/embeddings.h"

#include <gtest/gtest.h>

#include "store/private_schema.h"
#include "store/store_fixture.h"

namespace cortex::store {
namespace {

class EmbeddingsTest : public StoreTest {
 protected:
  void SetUp() override {
    migrate();
    ASSERT_TRUE(ensure_private_schema(db_).ok());
    exec(
        "INSERT INTO memories (id, memory_type, status, claim, source_episodes_json, "
        "source_events_json, domains_json, salience_json, confidence, authority, "
        "applies_when_json, does_not_apply_when_json, created_at, updated_at) VALUES ('mem_1', "
        "'semantic', 'active', 'c', '[]', '[]', '[]', '{}', 0.5, 'user', 'null', 'null', 't', "
        "'t')");
  }
  StoredVector load() {
    const std::vector<std::string> ids{"mem_1", "mem_2"};
    const auto all = load_vectors(db_, "b", ids).value();
    return all.contains("mem_1") ? all.at("mem_1") : StoredVector{-1, "", std::nullopt, ""};
  }
  Status put(std::int64_t dim, const std::string& bytes) {
    const std::vector<NewVector> one{{"mem_1", "b", dim, bytes, "hash", "now"}};
    return put_vectors(db_, one);
  }
};

TEST_F(EmbeddingsTest, WhatIsPutIsLoadedAndReplaced) {
  EXPECT_EQ(load().dim, -1);
  ASSERT_TRUE(put(1, "abcd").ok());
  ASSERT_TRUE(put(2, "abcdefgh").ok());
  EXPECT_EQ(load().bytes, "abcdefgh");
  EXPECT_EQ(load().content_hash, "hash");
  EXPECT_EQ(load().fault, "");
}

TEST_F(EmbeddingsTest, LengthsMustFit) {
  EXPECT_FALSE(put(2, "abcd").ok());
  EXPECT_FALSE(put(0, "").ok());
  ASSERT_TRUE(put(1, "abcd").ok());
  exec("UPDATE memory_embeddings SET dim = 3");
  EXPECT_NE(load().fault, "");
  exec("UPDATE memory_embeddings SET dim = 1, encryption_kind = 'x'");
  EXPECT_NE(load().fault, "");
}

TEST_F(EmbeddingsTest, VectorsOfTheReferenceHaveNoContentHash) {
  ASSERT_TRUE(put(1, "abcd").ok());
  exec("DELETE FROM cortex_embedding_content");
  EXPECT_FALSE(load().content_hash.has_value());
}

TEST(EmbeddingContent, ClaimAndTagsAreToldApart) {
  const std::vector<std::string> none, ab{"ab"}, two{"a", "b"};
  EXPECT_NE(embedding_content_hash("x", ab), embedding_content_hash("x", two));
  EXPECT_NE(embedding_content_hash("x", none), embedding_content_hash("x[]", none));
}

}  // namespace
}  // namespace cortex::store
