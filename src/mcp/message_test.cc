#include "mcp/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"

namespace cortex::mcp {
namespace {

Form form_of(std::string_view text) { return decode_message(text).form; }

TEST(Message, RequestIsTakenApart) {
  const Message message =
      decode_message(R"( {"jsonrpc":"2.0","id":7,"method":"m","params":{"a":1},"x":[]} )");
  EXPECT_EQ(message.form, Form::kRequest);
  EXPECT_EQ(message.id, "7");
  EXPECT_EQ(message.method, "m");
  EXPECT_NE(message.params.find("a"), nullptr);
}

TEST(Message, IdsAreEchoedAsTheyCame) {
  for (const char* id : {"0", "-7", "9223372036854775807", "-9223372036854775808", "\"\"",
                         "\"a\\\"b\"", "\"\xC3\xA9\""}) {
    EXPECT_EQ(decode_message(cat(R"({"jsonrpc":"2.0","method":"m","id":)", id, "}")).id, id);
  }
}

TEST(Message, WhatIsNoId_IsSaidToBeNone) {
  for (const char* id :
       {"null", "1.5", "1e2", "9223372036854775808", "true", "[]", "{}", "-0", "1,\"id\":1"}) {
    EXPECT_EQ(form_of(cat(R"({"jsonrpc":"2.0","method":"m","id":)", id, "}")), Form::kBadId) << id;
  }
}

TEST(Message, WithoutIdIsANotification_WithOutcomeAReply) {
  EXPECT_EQ(form_of(R"({"jsonrpc":"2.0","method":"m"})"), Form::kNotification);
  EXPECT_EQ(form_of(R"({"jsonrpc":"2.0","id":1,"result":{}})"), Form::kReply);
  EXPECT_EQ(form_of(R"({"jsonrpc":"2.0","id":1,"error":{}})"), Form::kReply);
}

TEST(Message, WhatIsNoMessage_IsMalformed) {
  for (const char* text :
       {"", "{", "[]", "42", "null", "\"s\"", "{}", R"({"jsonrpc":"1.0","id":1,"method":"m"})",
        R"({"id":1,"method":"m"})", R"({"jsonrpc":"2.0","id":1})",
        R"({"jsonrpc":"2.0","id":1,"method":5})", R"({"jsonrpc":2,"id":1,"method":"m"})",
        R"({"jsonrpc":"2.0","id":1,"method":"m"} x)", R"({"jsonrpc":"2.0","id":1,"method":"m")",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xFF\"}",
        R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"a":"\ud800"}})"}) {
    EXPECT_EQ(form_of(text), Form::kMalformed) << text;
  }
}

TEST(Message, DepthIsBounded) {
  const std::string open(200, '['), close(200, ']');
  EXPECT_EQ(
      form_of(cat(R"({"jsonrpc":"2.0","id":1,"method":"m","params":{"a":)", open, close, "}}")),
      Form::kMalformed);
}

TEST(Message, ByteOrderMarkIsTakenOff) {
  EXPECT_EQ(form_of("\xEF\xBB\xBF{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}\r"),
            Form::kRequest);
}

TEST(Message, BatchKeepsPlacesOfBadElements) {
  const auto batch = decode_batch(R"([{"jsonrpc":"2.0","id":1,"method":"m"}, 5, {}])");
  ASSERT_EQ(batch.size(), 3U);
  EXPECT_EQ(batch[0].form, Form::kRequest);
  EXPECT_EQ(batch[1].form, Form::kMalformed);
  EXPECT_EQ(batch[2].form, Form::kMalformed);
}

TEST(Message, BatchThatIsNone_IsEmpty) {
  EXPECT_TRUE(decode_batch("[]").empty());
  EXPECT_TRUE(decode_batch("{}").empty());
  EXPECT_TRUE(decode_batch("[1").empty());
  std::string many = "[0";
  for (std::size_t i = 0; i < kBatchMax; ++i) many += ",0";
  EXPECT_TRUE(decode_batch(many + "]").empty());
  EXPECT_TRUE(is_batch("  [1]"));
  EXPECT_FALSE(is_batch("{}"));
}

}  // namespace
}  // namespace cortex::mcp
