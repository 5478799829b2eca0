#include "reflect/live.h"

#include <gtest/gtest.h>

#include "base/text.h"

namespace cortex::reflect {
namespace {

constexpr std::string_view kLiveTrace = "trc_01ARZ3NDEKTSV4RRFFQ69G5FAV";

TraceEvent event(std::size_t number, std::string text) {
  TraceEvent out;
  out.id = cat("evt_0000000000000000000000", 1000 + number);
  out.type = core::EventType::kUserMessage;
  out.source = {core::SourceType::kUser, ""};
  out.observed_at = "2026-01-02T03:04:05Z";
  out.payload = json::Object{{"text", std::move(text)}};
  return out;
}

json::Value sent(const std::vector<TraceEvent>& events) {
  const llm::Request request = live_request(kLiveTrace, events);
  EXPECT_EQ(request.messages.size(), 1U);
  const auto document = json::parse(request.messages.at(0).content);
  EXPECT_TRUE(document.ok()) << request.messages.at(0).content;
  return document.ok() ? *document : json::Value();
}

llm::Response answer(std::string_view trace, std::string_view event_id) {
  llm::Response response;
  response.text = cat(R"({"trace_id":")", trace,
                      R"(","episode_candidates":[{"summary":"s","source_event_ids":[")", event_id,
                      R"("],"domains":[],"entities":[],"confidence":0.5}],"memory_candidates":[],)"
                      R"("contradictions":[],"doctrine_suggestions":[]})");
  return response;
}

TEST(LiveRequest, IsMarkedByTheHighestTagOfItsEvents) {
  std::vector<TraceEvent> events{event(1, "a"), event(2, "b"), event(3, "c")};
  EXPECT_EQ(live_request(kLiveTrace, events).marked, llm::Sensitivity::kLow);
  events[1].domains = {"net", "Sensitivity:high"};
  events[2].domains = {"sensitivity:medium"};
  EXPECT_EQ(live_request(kLiveTrace, events).marked, llm::Sensitivity::kHigh);
}

TEST(LiveRequest, SendsTheEventsAsDataInTheirOrder) {
  const json::Value document = sent({event(1, "a \"quote\"\n"), event(2, "b")});
  EXPECT_EQ(*document.find_text("trace_id"), kLiveTrace);
  EXPECT_EQ(document.find_unsigned("omitted_events"), 0U);
  const json::Array& events = *document.find("events")->as_array();
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(*events[0].find_text("id"), "evt_00000000000000000000001001");
  EXPECT_EQ(*events[0].find_text("payload"), R"({"text":"a \"quote\"\n"})");
  EXPECT_EQ(*events[0].find_text("type"), "user_message");
  EXPECT_EQ(*events[0].find_text("source"), "user");
  const llm::Request request = live_request(kLiveTrace, {});
  EXPECT_TRUE(request.whole);
  EXPECT_TRUE(request.json_schema);
  EXPECT_EQ(request.model, "live-reflection-v2");
}

TEST(LiveRequest, TakesSecretsOut) {
  const std::string token = "ghp_" + std::string(36, 'a');
  const llm::Request request = live_request(kLiveTrace, std::vector{event(1, "key " + token)});
  EXPECT_EQ(request.messages[0].content.find(token), std::string::npos);
  EXPECT_NE(request.messages[0].content.find("[redacted:"), std::string::npos);
}

TEST(LiveRequest, CutsLongPayloadsAndLeavesTheOldestOut) {
  std::vector<TraceEvent> events;
  for (std::size_t i = 0; i < 100; ++i)
    events.push_back(event(i, std::string(9000, 'x') + "\xC3\xA9"));
  const json::Value document = sent(events);
  const json::Array& kept = *document.find("events")->as_array();
  EXPECT_LT(kept.size(), 30U);
  EXPECT_GT(kept.size(), 10U);
  EXPECT_EQ(document.find_unsigned("omitted_events"), events.size() - kept.size());
  EXPECT_EQ(*kept.back().find_text("id"), events.back().id);
  EXPECT_LE(kept.back().find_text("payload")->size(), kLivePayloadBytesMax);
  EXPECT_TRUE(kept.back().find_text("payload")->ends_with(" [cut]"));
}

TEST(LiveAnswer, MustBeAboutTheTraceAndItsEvents) {
  const std::vector<TraceEvent> events{event(1, "a")};
  EXPECT_TRUE(read_live_answer(answer(kLiveTrace, events[0].id), kLiveTrace, events).ok());
  const auto refusal = [&events](const llm::Response& response) {
    const auto read = read_live_answer(response, kLiveTrace, events);
    return read.ok() ? "accepted" : read.error().token + ": " + read.error().message;
  };
  EXPECT_EQ(refusal(answer("trc_01ARZ3NDEKTSV4RRFFQ69G5FAX", events[0].id)),
            "invalid_schema: trace_id is trc_01ARZ3NDEKTSV4RRFFQ69G5FAX, not that of the request");
  EXPECT_EQ(refusal(answer(kLiveTrace, "evt_00000000000000000000009999")),
            "invalid_schema: episode_candidates[0].source_event_ids names "
            "evt_00000000000000000000009999, which is no event of the trace");
  llm::Response words;
  words.text = "Sure! Here is the JSON";
  EXPECT_TRUE(refusal(words).starts_with("invalid_json: "));
}

TEST(LiveAnswer, TheSecondRequestSaysWhatWasWrong) {
  llm::Response words;
  words.text = "Sure!";
  const Error refusal = make_error(Code::kQuarantined, "it is not JSON");
  const llm::Request again = repeated_request(live_request(kLiveTrace, {}), words, refusal);
  ASSERT_EQ(again.messages.size(), 3U);
  EXPECT_EQ(again.messages[1].role, llm::Role::kAssistant);
  EXPECT_EQ(again.messages[1].content, "Sure!");
  EXPECT_NE(again.messages[2].content.find("it is not JSON"), std::string::npos);
}

}  // namespace
}  // namespace cortex::reflect
