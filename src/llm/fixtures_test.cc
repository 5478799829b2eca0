#include "llm/fixtures.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

#include "base/fs/test_dir.h"
#include "base/text.h"
#include "crypto/digest.h"

namespace cortex::llm {
namespace {

class FixturesTest : public testing::Test {
 protected:
  void put(std::string_view name, std::string_view text) {
    ASSERT_TRUE(fs::write_new(fs_, folder_ / name, text, 0600).ok());
  }
  // A file with an entry that fits it.
  void put_indexed(std::string_view name, std::string_view text) {
    put(name, text);
    index_.push_back({std::string(name), crypto::blake3_hex(text)});
  }
  Result<std::unique_ptr<Model>> open() { return open_fixtures(fs_, folder_.path(), index_); }
  std::string fault() {
    const auto opened = open();
    if (opened.ok()) return "accepted";
    EXPECT_EQ(opened.error().code, Code::kQuarantined);
    EXPECT_TRUE(opened.error().message.starts_with("fixture integrity failed: "));
    return opened.error().message;
  }

  static Request request(std::string content) {
    Request request;
    request.model = "m";
    request.messages = {{Role::kUser, std::move(content)}};
    return request;
  }
  static std::string answer(const Request& request, std::string text) {
    Response response;
    response.text = std::move(text);
    response.model = "m-echo";
    response.usage = Usage{1, 2};
    return fixture_text(request, response);
  }

  fs::FileSystem& fs_ = fs::posix();
  fs::TestDir folder_;
  std::vector<FixtureEntry> index_;
};

TEST_F(FixturesTest, AnswersWhatWasRecordedAndNothingElse) {
  put_indexed("a.json", answer(request("a"), "A"));
  put_indexed("b.json", answer(request("b"), "B"));
  auto model = open();
  ASSERT_TRUE(model.ok()) << model.error().message;
  EXPECT_EQ((*model)->adapter_id(), "replay");
  const auto got = (*model)->complete(request("b"));
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->text, "B");
  EXPECT_EQ(got->model, "m-echo");
  EXPECT_EQ(got->raw_hash, crypto::blake3_hex("B"));
  EXPECT_EQ(got->usage->completion_tokens, 2U);
  EXPECT_FALSE(got->parsed_json);

  Request other = request("b");
  other.model = "another";
  const auto missing = (*model)->complete(other);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, Code::kPrecondition);
  EXPECT_NE(missing.error().message.find("model=another prompt_hash=" + prompt_hash(other)),
            std::string::npos);
}

TEST_F(FixturesTest, AnEmptyIndexIsFine) {
  put("schema.json", "{}");
  put("notes.txt", "x");
  ASSERT_TRUE(fs_.make_directory(folder_ / "sub", 0700).ok());
  ASSERT_TRUE(fs_.make_directory(folder_ / "folder.json", 0700).ok());
  put("sub/ignored.json", "{}");
  EXPECT_TRUE(open().ok());
}

TEST_F(FixturesTest, NamesTheAskedModelWhenTheFixtureNamesNone) {
  put_indexed("a.json",
              cat(R"({"request_match":{"model":"m","prompt_hash":")", prompt_hash(request("a")),
                  R"("},"response":{"text":"{}","parsed_json":{"b":1},"model":null}})"));
  auto model = open();
  ASSERT_TRUE(model.ok());
  const auto got = (*model)->complete(request("a"));
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->model, "m");
  EXPECT_EQ(json::write_compact(*got->parsed_json), R"({"b":1})");
}

TEST_F(FixturesTest, EntriesStayInsideTheFolder) {
  const fs::TestDir outside;
  ASSERT_TRUE(fs::write_new(fs_, outside / "o.json", "{}", 0600).ok());
  const std::string digest = crypto::blake3_hex("{}");
  for (const std::string& path : {std::string("../o.json"), outside / "o.json", std::string("l")}) {
    if (path == "l") {
      ASSERT_EQ(::symlink((outside / "o.json").c_str(), (folder_ / "l").c_str()), 0);
    }
    index_ = {{path, digest}};
    EXPECT_NE(fault().find("escapes"), std::string::npos) << path;
  }
  index_ = {{"gone.json", digest}};
  EXPECT_NE(fault().find("not resolvable"), std::string::npos);
}

TEST_F(FixturesTest, AnEntryThatComesTwiceIsRefusedUnderAnyName) {
  put_indexed("a.json", answer(request("a"), "A"));
  index_.push_back({"./a.json", index_.front().blake3});
  EXPECT_NE(fault().find("duplicate INDEX entry"), std::string::npos);
}

TEST_F(FixturesTest, AFileWithoutAnEntryIsRefused) {
  put_indexed("a.json", answer(request("a"), "A"));
  put("stray.json", "{}");
  EXPECT_NE(fault().find("unsigned fixture present"), std::string::npos);
}

TEST_F(FixturesTest, DigestsAreComparedAsTheyAreWritten) {
  put_indexed("a.json", answer(request("a"), "A"));
  for (char& c : index_.front().blake3) {
    if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
  }
  EXPECT_NE(fault().find("hash mismatch"), std::string::npos);
}

TEST_F(FixturesTest, OneAnswerARequest) {
  put_indexed("a.json", answer(request("a"), "A"));
  put_indexed("b.json", answer(request("a"), "B"));
  EXPECT_NE(fault().find("duplicate (model, prompt_hash)"), std::string::npos);
}

TEST_F(FixturesTest, FilesThatAreNoFixturesAreRefused) {
  int number = 0;
  for (
      const std::string_view text :
      {"", "{", "[]", R"({"response":{"text":"x"}})",
       R"({"request_match":{"model":"m"},"response":{"text":"x"}})",
       R"({"request_match":{"model":"m","prompt_hash":"h"},"response":{"text":1}})",
       R"({"request_match":{"model":"m","prompt_hash":"h"},"response":{"text":"x","model":1}})",
       R"({"request_match":{"model":"m","prompt_hash":"h"},"response":{"text":"x","usage":{}}})"}) {
    index_.clear();
    const std::string name = cat("f", ++number, ".json");
    put_indexed(name, text);
    EXPECT_NE(fault().find("parse error"), std::string::npos) << text;
    ASSERT_TRUE(fs_.remove_file(folder_ / name).ok());
  }
}

}  // namespace
}  // namespace cortex::llm
