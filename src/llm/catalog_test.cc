#include "llm/catalog.h"

#include <gtest/gtest.h>

#include "net/http_fixture.h"

namespace cortex::llm {
namespace {

TEST(Catalog, ReadsWhatOllamaLists) {
  net::ListedHttp http;
  http.answers = {net::Answer{
      200, R"({"models":[{"name":"a:8b","digest":"ab","size":5,"details":{"parameter_size":"8B",)"
           R"("quantization_level":"Q4"}},{"name":"b"}],"other":1})"}};
  const auto rows = list_ollama_models("http://localhost:1/", http);
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  EXPECT_EQ(http.requests.at(0).url, "http://localhost:1/api/tags");
  EXPECT_EQ(http.requests.at(0).method, "GET");
  ASSERT_EQ(rows->size(), 2U);
  EXPECT_EQ(rows->at(0).digest, "ab");
  EXPECT_EQ(rows->at(0).size_bytes, 5U);
  EXPECT_EQ(rows->at(0).quantization, "Q4");
  EXPECT_EQ(rows->at(1).name, "b");
  EXPECT_EQ(rows->at(1).size_bytes, 0U);
}

TEST(Catalog, ReadsWhatOpenaiLists) {
  for (const char* endpoint : {"http://h", "http://h/v1", "http://h/v1/"}) {
    net::ListedHttp http;
    http.answers = {net::Answer{200, R"({"data":[{"id":"x"},{"id":"y"}]})"}};
    const auto rows = list_openai_models(endpoint, http);
    ASSERT_TRUE(rows.ok());
    EXPECT_EQ(http.requests.at(0).url, "http://h/v1/models");
    EXPECT_EQ(rows->at(1).name, "y");
  }
}

TEST(Catalog, TellsNoAnswerFromAWrongOne) {
  net::ListedHttp http;
  EXPECT_EQ(list_ollama_models("http://h", http).error().code, Code::kPrecondition);
  for (const net::Answer& answer :
       {net::Answer{404, "{}"}, net::Answer{302, ""}, net::Answer{200, "<html>"},
        net::Answer{200, R"({"models":{}})"}, net::Answer{200, R"({"models":[{}]})"},
        net::Answer{200, R"({"models":[{"name":7}]})"}}) {
    http.answers = {answer};
    const auto rows = list_ollama_models("http://h", http);
    ASSERT_FALSE(rows.ok()) << answer.body;
    EXPECT_EQ(rows.error().code, Code::kInternal);
  }
}

}  // namespace
}  // namespace cortex::llm
