#include "llm/message.h"

#include <gtest/gtest.h>

#include "crypto/digest.h"

namespace cortex::llm {
namespace {

Request sample() {
  Request request;
  request.model = "m";
  request.system = "say \"hi\"\n";
  request.messages = {{Role::kUser, "trace: é"}, {Role::kTool, "\x01"}};
  return request;
}

TEST(PromptHash, IsTheDigestOfTheDocumentInItsOrder) {
  const std::string document =
      R"({"system":"say \"hi\"\n","messages":[{"role":"user","content":"trace: é"},)"
      R"({"role":"tool","content":"\u0001"}],"temperature":0.0,"max_tokens":1024})";
  EXPECT_EQ(prompt_document(sample()), document);
  EXPECT_EQ(prompt_hash(sample()), crypto::blake3_hex(document));
}

TEST(PromptHash, LeavesModelAndTimeoutOut) {
  Request other = sample();
  other.model = "another";
  other.timeout_millis = 1;
  EXPECT_EQ(prompt_hash(other), prompt_hash(sample()));
}

TEST(PromptHash, TakesTheSchemaSorted) {
  Request request = sample();
  request.json_schema = json::Object{{"type", "object"}, {"a", json::Object{{"z", 1}, {"b", 2}}}};
  EXPECT_TRUE(prompt_document(request).ends_with(
      R"("max_tokens":1024,"json_schema":{"a":{"b":2,"z":1},"type":"object"}})"));
}

TEST(PromptHash, WritesTheTemperatureAsShortAsItReadsBack) {
  Request request;
  for (const auto& [value, text] : {std::pair{0.7F, "0.7"}, {1.0F, "1.0"}, {0.05F, "0.05"}}) {
    request.temperature = value;
    EXPECT_NE(prompt_document(request).find(std::string("\"temperature\":") + text + ","),
              std::string::npos)
        << prompt_document(request);
  }
}

}  // namespace
}  // namespace cortex::llm
