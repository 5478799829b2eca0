#include "retrieval/embed_stub.h"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <sstream>

#include "base/text.h"
#include "json/value.h"

namespace cortex::retrieval {
namespace {

json::Value vectors() {
  std::ifstream in(std::string(CORTEX_TEST_DATA) + "/memory/embed/stub-vectors.json");
  std::stringstream text;
  text << in.rdbuf();
  return json::parse(text.str()).value();
}

std::string hex_of(std::string_view bytes) {
  std::vector<std::uint8_t> out(bytes.begin(), bytes.end());
  return to_hex(out);
}

// A text, or {"repeat": text, "count": n}.
std::string text_of(const json::Value& value) {
  if (value.as_string() != nullptr) return *value.as_string();
  std::string out;
  for (std::uint64_t i = 0; i < value.find("count")->as_number()->u; ++i) {
    out += *value.find("repeat")->as_string();
  }
  return out;
}

TEST(StubVector, AgreesWithEveryVectorBitForBit) {
  const json::Value all = vectors();
  for (const json::Value& row : *all.find("vectors")->as_array()) {
    std::vector<std::string> tags;
    for (const json::Value& tag : *row.find("tags")->as_array()) tags.push_back(*tag.as_string());
    const Vector vector = stub_vector(text_of(*row.find("text")), tags);
    EXPECT_EQ(hex_of(vector_bytes(vector)), *row.find("vector_f32le_hex")->as_string());
  }
}

TEST(StubVector, BytesReadBack) {
  const Vector vector{1.5F, -2.0F};
  EXPECT_EQ(vector_of(vector_bytes(vector), 2), vector);
  EXPECT_FALSE(vector_of(vector_bytes(vector), 3));
  EXPECT_FALSE(vector_of("", 0));
}

TEST(Cosine, AgreesWithTheRecordedValueAndSurvivesAnything) {
  const Vector query = stub_vector("retrieval ledger", {});
  const Vector memory =
      stub_vector("Retrieval, retrieval and more RETRIEVAL of the ledger", {"audit", "store"});
  EXPECT_EQ(static_cast<double>(cosine(query, memory)), 0.0644041895866394);
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinite = std::numeric_limits<float>::infinity();
  EXPECT_EQ(cosine(Vector{1.0F}, Vector{1.0F, 2.0F}), 0.0F);
  EXPECT_EQ(cosine(Vector{nan}, Vector{1.0F}), 0.0F);
  EXPECT_EQ(cosine(Vector{infinite}, Vector{1.0F}), 0.0F);
  EXPECT_EQ(cosine(Vector{0.0F}, Vector{1.0F}), 0.0F);
  EXPECT_EQ(cosine(Vector{-3.0F}, Vector{2.0F}), -1.0F);
}

}  // namespace
}  // namespace cortex::retrieval
