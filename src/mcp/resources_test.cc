#include <gmock/gmock.h>

#include "mcp/mcp_fixture.h"

namespace cortex::mcp {
namespace {

using testing::HasSubstr;

class Resources : public McpTest {
 protected:
  // The id of a new memory.
  std::string note(std::string_view claim) {
    const auto reply = call("cortex_memory_note", cat("{\"claim\":\"", claim, "\"}"));
    return *at(reply, "result.structuredContent.memory_id").as_string();
  }
  json::Value read(std::string_view uri) {
    return request("resources/read", cat("{\"uri\":\"", uri, "\"}"));
  }
  static std::string text_of(const json::Value& reply) {
    const json::Value contents = at(reply, "result.contents");
    const json::Array* rows = contents.as_array();
    return rows == nullptr || rows->empty() ? "" : *rows->front().find("text")->as_string();
  }
};

TEST_F(Resources, TheHeadAndTheMemoriesAreListed_InPages) {
  shake_hands("2025-11-25");
  EXPECT_EQ(text_at(request("resources/list", "{}"), "result.resources"), "[]");
  for (int i = 0; i < 51; ++i) note(cat("Fact number ", i, " stands alone."));
  const json::Value first = request("resources/list", "{}");
  EXPECT_THAT(text_at(first, "result.resources"), HasSubstr("cortex://ledger/head"));
  EXPECT_EQ(at(first, "result.resources").as_array()->size(), 51U);
  const json::Value second = request("resources/list", R"({"cursor":"50"})");
  EXPECT_EQ(text_at(first, "result.nextCursor"), "\"50\"");
  EXPECT_EQ(at(second, "result.resources").as_array()->size(), 1U);
  EXPECT_EQ(text_at(second, "result.nextCursor"), "null");
  EXPECT_EQ(text_at(request("resources/list", R"({"cursor":"x"})"), "error.code"), "-32602");
}

TEST_F(Resources, RecordsAreReadByTheirAddress) {
  shake_hands("2025-11-25");
  const std::string id = note("The build server is called Anna.");
  EXPECT_THAT(text_of(read(cat("cortex://memory/", id))), HasSubstr("is called Anna"));
  EXPECT_THAT(text_of(read("cortex://ledger/head")), HasSubstr("\"rows\":1"));
}

TEST_F(Resources, WhatIsNotThereSaysSo_AsTheRevisionWantsIt) {
  shake_hands("2025-11-25");
  for (const char* uri : {"cortex://memory/mem_01KG0000000000000000000001", "cortex://memory/x",
                          "cortex://memory/", "cortex://nothing/x", "file:///etc/passwd", "",
                          "cortex://memory/evt_01KG0000000000000000000001", "cortex://session/%zz",
                          "cortex://session/nobody", "cortex://pack/%", "cortex://session/%f"}) {
    const json::Value reply = read(uri);
    EXPECT_EQ(text_at(reply, "error.code"), "-32002") << uri;
    EXPECT_EQ(text_at(reply, "error.data.uri"), cat("\"", uri, "\""));
  }
  EXPECT_EQ(text_at(request("resources/read", "{}"), "error.code"), "-32602");
  const json::Value stateless_reply = request("resources/read", stateless(R"("uri":"test://x")"));
  EXPECT_EQ(text_at(stateless_reply, "error.code"), "-32602");
  EXPECT_EQ(text_at(stateless_reply, "error.data.uri"), "\"test://x\"");
}

TEST_F(Resources, IdsAreCompleted) {
  shake_hands("2025-11-25");
  const std::string id = note("The release branch is called stable.");
  const auto complete = [&](std::string_view path, std::string_view value) {
    return text_at(request("completion/complete",
                           cat(R"({"ref":{"type":"ref/resource","uri":"cortex://)", path,
                               R"(/{id}"},"argument":{"name":"id","value":")", value, "\"}}")),
                   "result.completion.values");
  };
  EXPECT_EQ(complete("memory", id.substr(0, 10)), cat("[\"", id, "\"]"));
  EXPECT_EQ(complete("memory", "mem_9"), "[]");
  EXPECT_EQ(complete("nothing", ""), "[]");
  EXPECT_EQ(text_at(request("completion/complete", "{}"), "error.code"), "-32602");
}

TEST_F(Resources, AChangeIsToldToThoseWhoSubscribed) {
  std::mutex mutex;
  std::condition_variable told;
  std::vector<std::string> notes;
  Connection& connection = connection_;
  connection = dispatcher_.connect([&](std::string text) {
    const std::lock_guard lock(mutex);
    notes.push_back(std::move(text));
    told.notify_all();
  });
  shake_hands("2025-11-25");
  note("The first fact.");
  EXPECT_EQ(text_at(request("resources/subscribe", R"({"uri":"cortex://ledger/head"})"), "result"),
            "{}");
  EXPECT_EQ(text_at(request("resources/subscribe", R"({"uri":"cortex://memory/x"})"), "error.code"),
            "-32002");
  note("The second fact, which is another one.");
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(told.wait_for(lock, std::chrono::seconds(20), [&] { return !notes.empty(); }));
  }
  EXPECT_EQ(notes.front(), R"({"jsonrpc":"2.0","method":"notifications/resources/updated",)"
                           R"("params":{"uri":"cortex://ledger/head"}})");
  EXPECT_EQ(
      text_at(request("resources/unsubscribe", R"({"uri":"cortex://ledger/head"})"), "result"),
      "{}");
  connection.subscriptions.reset();
}

TEST_F(Resources, WhatCannotBeReadIsAnotherErrorThanWhatIsNotThere) {
  shake_hands("2025-11-25");
  const std::string uri = cat("{\"uri\":\"cortex://memory/", note("A fact."), "\"}");
  connection_ = dispatcher_.connect([](const std::string&) {});
  shake_hands("2025-11-25");
  ASSERT_TRUE(fs::posix().overwrite(layout_.db_path, "no store").ok());
  for (const char* method : {"resources/read", "resources/subscribe"}) {
    const json::Value reply = request(method, uri);
    EXPECT_EQ(text_at(reply, "error.code"), "-32602") << method;
    EXPECT_THAT(text_at(reply, "error.message"), HasSubstr("not a database")) << method;
    EXPECT_THAT(text_at(reply, "error.data.next_actions"), HasSubstr("[")) << method;
  }
  connection_.subscriptions.reset();
}

TEST_F(Resources, AStatelessListenerIsAcknowledged_AndEndsWhenItIsCalledOff) {
  std::vector<std::string> notes;
  Connection connection = dispatcher_.connect([&](std::string text) { notes.push_back(text); });
  std::vector<std::string> replies;
  const std::string params =
      stateless(R"("notifications":{"toolsListChanged":true,"resourceSubscriptions":["x://y"]})");
  dispatcher_.handle(
      decode_message(cat(R"({"jsonrpc":"2.0","id":"l","method":"subscriptions/listen","params":)",
                         params, "}")),
      connection, [&](std::string text) { replies.push_back(std::move(text)); });
  ASSERT_TRUE(scheduler_.wait_idle(std::chrono::seconds(20)));
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_THAT(notes.front(), HasSubstr("notifications/subscriptions/acknowledged"));
  EXPECT_THAT(notes.front(), HasSubstr(R"("io.modelcontextprotocol/subscriptionId":"l")"));
  EXPECT_THAT(notes.front(), HasSubstr(R"("notifications":{})"));
  EXPECT_TRUE(replies.empty());
  dispatcher_.handle(
      decode_message(
          R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"l"}})"),
      connection, {});
  EXPECT_THAT(replies, testing::ElementsAre(""));
}

TEST_F(Resources, PromptsCarryWhatIsKnown_AsData) {
  shake_hands("2025-11-25");
  note("Deploys of the shop happen on Tuesdays.");
  const json::Value list = request("prompts/list", "{}");
  EXPECT_EQ(at(list, "result.prompts").as_array()->size(), 3U);
  const json::Value start =
      request("prompts/get", R"({"name":"session_start","arguments":{"task":"deploy the shop"}})");
  EXPECT_THAT(text_at(start, "result.messages"), HasSubstr("happen on Tuesdays"));
  for (const char* name : {"session_end", "review"}) {
    const json::Value reply = request("prompts/get", cat("{\"name\":\"", name, "\"}"));
    EXPECT_EQ(at(reply, "result.messages").as_array()->size(), 2U) << name;
  }
  for (const char* params : {R"({"name":"session_start"})", R"({"name":"nope"})", "{}"}) {
    EXPECT_EQ(text_at(request("prompts/get", params), "error.code"), "-32602") << params;
  }
}

}  // namespace
}  // namespace cortex::mcp
