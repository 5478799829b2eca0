#include "mcp/stdio.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "mcp/mcp_fixture.h"

namespace cortex::mcp {
namespace {

class LineSessionTest : public McpTest {
 protected:
  bool take(std::string_view line) { return session_.take(line); }
  std::string said() {
    EXPECT_TRUE(scheduler_.wait_idle(std::chrono::milliseconds(5000)));
    outbox_.flush();
    return std::exchange(text_, {});
  }
  void open(std::string_view revision) {
    EXPECT_TRUE(take(cat(R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":)",
                         "{\"protocolVersion\":\"", revision,
                         R"(","capabilities":{},"clientInfo":{"name":"t","version":"1"}}})")));
    said();
  }
  static std::string ping(int id) {
    return cat(R"({"jsonrpc":"2.0","id":)", id, R"(,"method":"ping"})");
  }

  std::string text_;
  Outbox outbox_{
      {.ready = [] { return true; }, .write = [this](std::string_view part) { text_ += part; }}};
  LineSession session_{dispatcher_, outbox_};
};

TEST_F(LineSessionTest, PingAndGarbageMayComeFirst_NothingElse) {
  EXPECT_TRUE(take(ping(1)));
  EXPECT_TRUE(take("x"));
  EXPECT_FALSE(session_.is_open());
  EXPECT_EQ(said(),
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}\n"
            "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"Parse error\"}}\n");
  EXPECT_FALSE(take(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})"));
  EXPECT_EQ(said(), "");
}

TEST_F(LineSessionTest, BatchesBelongToOneRevision) {
  const std::string batch =
      cat("[", ping(1), R"(,{"jsonrpc":"2.0","method":"notifications/x"},5,)",
          R"({"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"cortex_nope"}}])");
  open("2025-06-18");
  EXPECT_TRUE(take(batch));
  EXPECT_EQ(said(),
            "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"Parse error\"}}\n");
  open("2025-03-26");
  EXPECT_TRUE(take(batch));
  const json::Value replies = json::parse(said()).value();
  ASSERT_NE(replies.as_array(), nullptr);
  EXPECT_EQ(replies.as_array()->size(), 3U);
  EXPECT_TRUE(take("[]"));
  EXPECT_EQ(said(),
            "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"Parse error\"}}\n");
}

// Their streams do not end, and the batch would wait for them, and everything behind it.
TEST_F(LineSessionTest, RequestsOfTheStatelessRevisionAreRefusedInABatch) {
  open("2025-03-26");
  EXPECT_TRUE(take(cat("[", ping(1), R"(,{"jsonrpc":"2.0","id":2,"method":"subscriptions/listen",)",
                       R"("params":)", stateless("\"notifications\":{}"), "}]")));
  const json::Value replies = json::parse(said()).value();
  ASSERT_EQ(replies.as_array()->size(), 2U);
  EXPECT_EQ(text_at((*replies.as_array())[0], "result"), "{}");
  EXPECT_EQ(text_at((*replies.as_array())[1], "error.code"), "-32600");
}

TEST_F(LineSessionTest, ABatchOfNotificationsIsNotAnswered) {
  open("2025-03-26");
  EXPECT_TRUE(take(R"([{"jsonrpc":"2.0","method":"notifications/x"}])"));
  EXPECT_EQ(said(), "");
}

TEST_F(LineSessionTest, RepliesKeepTheOrderOfTheirRequests) {
  open("2025-06-18");
  for (int i = 0; i < 50; ++i) {
    const char* tool = i % 2 == 0 ? "cortex_doctor" : "cortex_nope";
    EXPECT_TRUE(take(cat(R"({"jsonrpc":"2.0","id":)", i,
                         R"(,"method":"tools/call","params":{"name":")", tool, "\"}}")));
  }
  const std::string text = said();
  std::size_t at = 0;
  for (int i = 0; i < 50; ++i) {
    at = text.find(cat("\"id\":", i, ","), at);
    ASSERT_NE(at, std::string::npos) << i;
  }
}

TEST_F(LineSessionTest, ALineThatIsTooLongIsAnswered) {
  open("2025-06-18");
  EXPECT_TRUE(session_.take(std::nullopt));
  EXPECT_EQ(said(),
            "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"Parse error\"}}\n");
}

}  // namespace
}  // namespace cortex::mcp
