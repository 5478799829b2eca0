#include "retrieval/static_model.h"

#include <gtest/gtest.h>

#include <string>

#include "base/fs/test_dir.h"
#include "retrieval/static_model_fixture.h"

namespace cortex::retrieval {
namespace {

class StaticModelTest : public ::testing::Test {
 protected:
  void put(std::string_view name, std::string_view bytes) {
    ASSERT_TRUE(fs::posix().overwrite(fs::join(folder_, name), bytes).ok());
  }
  std::string refusal() {
    const auto model = StaticModel::open(fs::posix(), folder_);
    return model.ok() ? std::string() : model.error().message;
  }
  void SetUp() override { write_model(folder_); }

  fs::TestDir dir_;
  std::string folder_ = dir_ / "model";
};

std::vector<std::uint32_t> rows_of(const Vocabulary& vocabulary, std::string_view text) {
  std::vector<std::uint32_t> rows;
  vocabulary.tokenize(text, rows);
  return rows;
}
using Rows = std::vector<std::uint32_t>;

TEST(WordPiece, WordsAreCutIntoTheLongestKnownPieces) {
  const auto vocabulary = Vocabulary::from_tokenizer_json(
      R"({"normalizer":{"type":"BertNormalizer","lowercase":true},"model":{"type":"WordPiece",)"
      R"("unk_token":"[UNK]","continuing_subword_prefix":"##","vocab":{"[UNK]":0,"play":1,)"
      R"("##ing":2,"##in":3,"naive":4,"!":5,"\u732b":6}}})");
  ASSERT_TRUE(vocabulary.ok()) << vocabulary.error().text();
  EXPECT_EQ(rows_of(*vocabulary, "Playing"), (Rows{1, 2}));
  EXPECT_EQ(rows_of(*vocabulary, "play, PLAY!"), (Rows{1, 1, 5}));
  EXPECT_EQ(rows_of(*vocabulary, "plays ing"), Rows{}) << "what cannot be cut is left out";
  EXPECT_EQ(rows_of(*vocabulary, "na\u00efve"), Rows{4}) << "accents are dropped";
  EXPECT_EQ(rows_of(*vocabulary, "\u732bplay\u732b"), (Rows{6, 1, 6}))
      << "characters by themselves";
  EXPECT_EQ(rows_of(*vocabulary, std::string("\xff play \xc3", 8)), Rows{1});
  EXPECT_EQ(rows_of(*vocabulary, std::string(5000, 'a') + " play"), Rows{1});
}

TEST(WordPiece, VocabulariesThatCannotBeUsedAreRefused) {
  for (const char* text : {"", "{", "{}", R"({"model":{"type":"Unigram","vocab":[["a",0.5]]}})",
                           R"({"model":{"type":"BPE","vocab":{"a":0}}})",
                           R"({"model":{"type":"WordPiece","vocab":{}}})",
                           R"({"model":{"type":"WordPiece","vocab":{"a":-1}}})",
                           R"({"model":{"type":"WordPiece","vocab":{"a":99999999999}}})"}) {
    EXPECT_FALSE(Vocabulary::from_tokenizer_json(text).ok()) << text;
  }
  EXPECT_FALSE(Vocabulary::from_lines("\n\n").ok());
  const auto lines = Vocabulary::from_lines("a\r\n\nb");
  ASSERT_TRUE(lines.ok());
  EXPECT_EQ(rows_of(*lines, "b a"), (Rows{2, 0}));
}

TEST_F(StaticModelTest, TheVectorOfATextIsTheDirectionOfItsTokens) {
  auto model = StaticModel::open(fs::posix(), folder_);
  ASSERT_TRUE(model.ok()) << model.error().text();
  EXPECT_EQ(model->dim(), 2U);
  const auto both = model->embed("A lamp on a boat");
  ASSERT_TRUE(both.ok() && *both);
  EXPECT_EQ((*both)->values, (std::vector<std::int8_t>{127, 127}));
  const auto twice = model->embed("lamp lantern, LAMP");
  EXPECT_EQ((*twice)->values, (std::vector<std::int8_t>{127, 0}));
  EXPECT_FALSE(*model->embed("nothing known"));
}

TEST_F(StaticModelTest, WeightsCount) {
  const std::string header =
      R"({"embedding.weight":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]},)"
      R"("weights":{"dtype":"F32","shape":[3],"data_offsets":[24,36]}})";
  put("model.safetensors", safetensors_of(header, floats({1, 0, 1, 0, 0, 1, 1, 1, 0})));
  auto model = StaticModel::open(fs::posix(), folder_);
  ASSERT_TRUE(model.ok()) << model.error().text();
  EXPECT_EQ((*model->embed("lamp boat"))->values, (std::vector<std::int8_t>{127, 0}));
}

TEST_F(StaticModelTest, TheIdChangesWithModelAndVocabulary) {
  const auto id = StaticModel::open(fs::posix(), folder_)->id();
  EXPECT_EQ(StaticModel::open(fs::posix(), folder_)->id(), id);
  put("vocab.txt", "lamp\nlantern\nship\n");
  const auto other = StaticModel::open(fs::posix(), folder_)->id();
  EXPECT_NE(other, id);
  write_model(folder_, 0.5F);
  EXPECT_NE(StaticModel::open(fs::posix(), folder_)->id(), id);
}

TEST_F(StaticModelTest, WhatIsWrongIsSaid) {
  put("vocab.txt", "lamp\nlantern\nboat\nship\n");
  EXPECT_NE(refusal().find("names row 3"), std::string::npos) << refusal();
  put("vocab.txt", "lamp\n");
  EXPECT_EQ(refusal(), "");
  put("model.safetensors", "short");
  EXPECT_NE(refusal().find("eight bytes"), std::string::npos) << refusal();
  put("model.safetensors",
      safetensors_of(R"({"embeddings":{"dtype":"I64","shape":[1,2],"data_offsets":[0,16]}})",
                     std::string(16, 'x')));
  EXPECT_NE(refusal().find("floating-point"), std::string::npos) << refusal();
  put("model.safetensors",
      safetensors_of(R"({"embeddings":{"dtype":"F32","shape":[1,0],"data_offsets":[0,0]}})", ""));
  EXPECT_NE(refusal().find("1 to 4096"), std::string::npos) << refusal();
  folder_ = dir_ / "missing";
  const auto missing = StaticModel::open(fs::posix(), folder_);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, Code::kPrecondition);
}

}  // namespace
}  // namespace cortex::retrieval
