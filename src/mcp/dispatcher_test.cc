#include "mcp/dispatcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>

#include "mcp/mcp_fixture.h"

namespace cortex::mcp {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using DispatcherTest = McpTest;

TEST_F(DispatcherTest, PublishedRevisionsAreEchoed_OthersGetTheReferences) {
  const std::pair<const char*, const char*> cases[] = {
      {"2024-11-05", "2024-11-05"}, {"2025-03-26", "2025-03-26"},
      {"2025-06-18", "2025-06-18"}, {"2025-11-25", "2025-11-25"},
      {"2026-07-28", "2025-06-18"}, {"2099-01-01", "2025-06-18"},
      {"1999", "2025-06-18"},       {"", "2025-06-18"}};
  for (const auto& [asked, answered] : cases) {
    const json::Value reply = request(
        "initialize", cat("{\"protocolVersion\":\"", asked,
                          R"(","capabilities":{},"clientInfo":{"name":"t","version":"1"}})"));
    EXPECT_EQ(text_at(reply, "result.protocolVersion"), cat("\"", answered, "\"")) << asked;
  }
}

TEST_F(DispatcherTest, WhatIsNotOfferedIsNoMethod) {
  shake_hands("2024-11-05");
  for (const char* method : {"logging/setLevel", "roots/list", "tasks/list", "subscriptions/listen",
                             "resources/subscribe"}) {
    const json::Value reply = request(method, "{}");
    EXPECT_EQ(text_at(reply, "error.code"), "-32601") << method;
  }
}

TEST_F(DispatcherTest, ShapesAreJudgedAsTheFormatSays) {
  shake_hands("2025-06-18");
  EXPECT_EQ(text_at(request("nope/x", "{}"), "error.message"), "\"nope/x\"");
  EXPECT_EQ(text_at(request("tools/list", "[]"), "error.code"), "-32700");
  EXPECT_EQ(text_at(request("ping", "[1]"), "result"), "{}");
  for (const char* params :
       {"{}", R"({"name":5})", R"({"name":"cortex_config","arguments":[1]})",
        R"({"name":"cortex_nope"})", R"({"name":"cortex_config","task":{}})"}) {
    EXPECT_EQ(text_at(request("tools/call", params), "error.code"), "-32602") << params;
  }
  EXPECT_EQ(text_at(request("tools/call", R"({"name":"cortex_config","arguments":null})"),
                    "result.structuredContent.llm_backend"),
            "\"offline\"");
}

TEST_F(DispatcherTest, StatelessRequestsNeedTheirMeta) {
  EXPECT_EQ(text_at(request("server/discover", "{}"), "error.code"), "-32602");
  EXPECT_EQ(
      text_at(request("server/discover",
                      R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}})"),
              "error.code"),
      "-32602");
  const json::Value refused =
      request("tools/list", R"({"_meta":{"io.modelcontextprotocol/protocolVersion":"1900-01-01",)"
                            R"("io.modelcontextprotocol/clientCapabilities":{}}})");
  EXPECT_EQ(text_at(refused, "error.code"), "-32022");
  EXPECT_EQ(text_at(refused, "error.data.supported"), "[\"2026-07-28\"]");
  EXPECT_EQ(text_at(refused, "error.data.requested"), "\"1900-01-01\"");
}

TEST_F(DispatcherTest, StatelessResultsSayWhatTheyAre) {
  const json::Value discovered = request("server/discover", stateless());
  EXPECT_EQ(text_at(discovered, "result.supportedVersions"), "[\"2026-07-28\"]");
  EXPECT_EQ(text_at(discovered, "result.resultType"), "\"complete\"");
  EXPECT_THAT(text_at(discovered, "result._meta"), HasSubstr("io.modelcontextprotocol/serverInfo"));
  EXPECT_THAT(text_at(request("tools/list", stateless()), "result.cacheScope"), "\"private\"");
  EXPECT_EQ(text_at(request("ping", stateless()), "error.code"), "-32601");
  EXPECT_EQ(
      text_at(request("tools/call", stateless(R"("name":"cortex_config")")), "result.resultType"),
      "\"complete\"");
}

TEST_F(DispatcherTest, RefusalsAreErrorsForOldClients_ResultsForNewOnes) {
  shake_hands("2025-06-18");
  const json::Value old = call("cortex_show", R"({"id":" "})");
  EXPECT_EQ(text_at(old, "error.code"), "-32602");
  EXPECT_EQ(text_at(old, "error.data.kind"), "\"invalid_params\"");
  shake_hands("2025-11-25");
  const json::Value fresh = call("cortex_show", R"({"id":" "})");
  EXPECT_EQ(text_at(fresh, "result.isError"), "true");
  EXPECT_THAT(text_at(fresh, "result.content"), HasSubstr("must not be blank"));
}

TEST_F(DispatcherTest, SupervisedCallsAreLogged_WithoutArguments) {
  shake_hands("2025-06-18");
  call("cortex_config", "{}");
  EXPECT_THAT(logged(), IsEmpty());
  call("cortex_doctor", R"({"x":"private"})");
  ASSERT_EQ(logged().size(), 1U);
  EXPECT_THAT(logged()[0], HasSubstr("tool=cortex_doctor client=\"t\" outcome=ok"));
  EXPECT_THAT(logged()[0], Not(HasSubstr("private")));
}

TEST_F(DispatcherTest, CallsThatHaveNotBegunCanBeCalledOff) {
  shake_hands("2025-06-18");
  std::promise<void> release;
  scheduler_.submit(Lane::kWrite, [&] { release.get_future().wait(); });
  std::promise<std::string> replied;
  dispatcher_.handle(
      decode_message(
          R"({"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":"cortex_config"}})"),
      connection_, [&](std::string text) { replied.set_value(std::move(text)); });
  dispatcher_.handle(decode_message(R"({"jsonrpc":"2.0","method":"notifications/cancelled",)"
                                    R"("params":{"requestId":"x"}})"),
                     connection_, {});
  release.set_value();
  EXPECT_EQ(replied.get_future().get(), "");
}

// Calls request "x" off when the time is asked for the n-th time: in the middle of what it does.
class CallingOffClock final : public Clock {
 public:
  Timestamp now() override {
    if (--left == 0) call_off();
    return {1'767'323'045, 0};
  }
  std::function<void()> call_off;
  std::atomic<int> left = 0;
};

TEST_F(DispatcherTest, ARunningCallThatIsCalledOffIsNotAnswered_AndTheLogSaysWhatStays) {
  CallingOffClock clock;
  app::Services services{fs::posix(), clock, system_random()};
  const Host host{services, environment_, layout_, settings_, confirmation_};
  Dispatcher dispatcher(host, scheduler_, [this](std::string_view line) { log(line); });
  clock.call_off = [&] {
    dispatcher.handle(decode_message(R"({"jsonrpc":"2.0","method":"notifications/cancelled",)"
                                     R"("params":{"requestId":"x"}})"),
                      connection_, {});
  };
  shake_hands("2025-06-18");
  const auto note = [&](int nth) {
    clock.left = nth;
    std::promise<std::string> replied;
    dispatcher.handle(
        decode_message(cat(R"({"jsonrpc":"2.0","id":"x","method":"tools/call","params":{)",
                           R"("name":"cortex_memory_note","arguments":{"claim":"claim )", nth,
                           "\"}}}")),
        connection_, [&](std::string text) { replied.set_value(std::move(text)); });
    return replied.get_future().get();
  };
  int called_off = 0, kept = 0;
  for (int nth = 1;; ++nth) {
    ASSERT_LT(nth, 100);
    const std::size_t before = logged().size();
    const std::string reply = note(nth);
    if (clock.left > 0) {
      EXPECT_THAT(reply, HasSubstr("memory_id"));
      break;
    }
    ++called_off;
    EXPECT_EQ(reply, "") << nth;
    const json::Value found = call("cortex_memory_list", "{\"limit\":100}");
    const bool stays =
        text_at(found, "result.structuredContent.memories").find(cat("claim ", nth, "\"")) !=
        std::string::npos;
    kept += stays ? 1 : 0;
    const std::vector<std::string> lines = logged();
    ASSERT_GT(lines.size(), before);
    EXPECT_THAT(lines[before], HasSubstr("outcome=cancelled"));
    const bool told = lines.size() > before + 1 &&
                      lines[before + 1].find("1 ledger row, which stay") != std::string::npos;
    EXPECT_EQ(told, stays) << nth;
  }
  EXPECT_GT(called_off, kept);
}

TEST_F(DispatcherTest, WhatMayOpenAConversation) {
  const auto opens = [](std::string_view line) {
    return Dispatcher::may_open(decode_message(line));
  };
  EXPECT_TRUE(opens(R"({"jsonrpc":"2.0","id":1,"method":"ping"})"));
  EXPECT_TRUE(opens("garbage"));
  EXPECT_TRUE(
      opens(cat(R"({"jsonrpc":"2.0","id":1,"method":"tools/list","params":)", stateless(), "}")));
  EXPECT_FALSE(opens(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})"));
  EXPECT_FALSE(opens(R"({"jsonrpc":"2.0","method":"notifications/initialized"})"));
  EXPECT_FALSE(opens(R"({"jsonrpc":"2.0","id":1,"result":{}})"));
  EXPECT_FALSE(
      opens(R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"x"}})"));
}

}  // namespace
}  // namespace cortex::mcp
