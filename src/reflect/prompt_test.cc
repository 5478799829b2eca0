#include "reflect/prompt.h"

#include <gtest/gtest.h>

namespace cortex::reflect {
namespace {

constexpr std::string_view kPromptTrace = "trc_01ARZ3NDEKTSV4RRFFQ69G5FAV";

// Recorded answers are found by these: a change makes every recording useless.
TEST(Prompt, KeysOfRecordingsStay) {
  EXPECT_EQ(llm::prompt_hash(reflect_request(kPromptTrace)),
            "5017a23acff6b303e3a6c1dba4aa810b914a52544a8cdeb5974e676b4be843d8");
  EXPECT_EQ(llm::prompt_hash(close_request(kPromptTrace)),
            "1153ec9d8050187782579b08524e751f23135688a80c907704000c479ae5616e");
}

TEST(Prompt, NamesTheTraceAndTheLimits) {
  const llm::Request reflect = reflect_request(kPromptTrace);
  EXPECT_EQ(reflect.model, "claude-3-5-sonnet-20240620");
  ASSERT_EQ(reflect.messages.size(), 1U);
  EXPECT_EQ(reflect.messages[0].content, "trace: trc_01ARZ3NDEKTSV4RRFFQ69G5FAV");
  EXPECT_EQ(reflect.max_tokens, 1024U);
  EXPECT_FALSE(reflect.json_schema);
  const llm::Request close = close_request(kPromptTrace);
  EXPECT_EQ(close.model, "replay-reflection-v1");
  EXPECT_EQ(close.max_tokens, 4096U);
  EXPECT_TRUE(close.json_schema);
}

TEST(ReflectionSchema, RequiresAllMembersButTheMeaning) {
  const json::Value schema = reflection_schema();
  EXPECT_EQ(*schema.find_text("type"), "object");
  EXPECT_EQ(schema.find("required")->as_array()->size(), 5U);
  EXPECT_FALSE(*schema.find("additionalProperties")->as_bool());
  const json::Value& episode =
      *schema.find("properties")->find("episode_candidates")->find("items");
  EXPECT_EQ(episode.find("required")->as_array()->size(), 5U);
  EXPECT_EQ(episode.find("properties")->as_object()->size(), 6U);
}

}  // namespace
}  // namespace cortex::reflect
