#include "llm/servers.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.h"
#include "crypto/digest.h"
#include "net/http_fixture.h"

namespace cortex::llm {
namespace {

using Answers = std::deque<Result<net::Answer>>;

class NoPauses final : public net::Pauses {
 public:
  void pause(int, const std::stop_token&) override {}
};

const std::string kDigest(64, 'a');

class ServersTest : public testing::Test {
 protected:
  std::unique_ptr<Model> ollama() {
    return ollama_model({.endpoint = "http://localhost:1", .model = "m:8b@sha256:" + kDigest},
                        {http_, pauses_})
        .value();
  }
  std::unique_ptr<Model> openai(std::string key = "") {
    return openai_model({.endpoint = "https://h.test", .model = "gpt", .api_key = std::move(key)},
                        {http_, pauses_})
        .value();
  }
  std::unique_ptr<Model> claude(std::string endpoint = "") {
    return claude_model({.endpoint = std::move(endpoint), .model = "c-1", .api_key = "k-secret"},
                        {http_, pauses_})
        .value();
  }
  static Request request() {
    Request request;
    request.model = "asked";
    request.system = "be brief";
    request.messages = {{Role::kUser, "hi"}, {Role::kTool, "42"}};
    request.max_tokens = 7;
    return request;
  }
  static Request whole() {
    Request out = request();
    out.whole = true;
    out.json_schema = json::Object{{"type", "object"}};
    return out;
  }
  std::string sent() const { return http_.requests.back().body; }
  bool has_header(std::string_view header) const {
    return std::ranges::count(http_.requests.back().headers, header) == 1;
  }
  std::string failure(Model& model, net::Answer answer) {
    http_.answers = {answer, answer, answer};
    const auto got = model.complete(request());
    if (got.ok()) return "answered";
    EXPECT_EQ(got.error().code, Code::kPrecondition);
    return got.error().message;
  }
  // Text of a streamed answer; each delta ends in "|".
  std::string streamed(Model& model, std::string body) {
    http_.answers = {net::Answer{200, std::move(body)}};
    std::string deltas;
    const auto got = model.stream(request(), [&deltas](std::string_view delta) {
      deltas += cat(delta, "|");
      return true;
    });
    if (!got.ok()) return got.error().message;
    last_ = *got;
    return deltas;
  }

  net::ListedHttp http_;
  NoPauses pauses_;
  Response last_;
};

TEST_F(ServersTest, OllamaIsAskedAsRecordedAndReportsThePinnedName) {
  const std::string body = R"({"model":"m:8b","message":{"content":"Hello"},"done":true})";
  http_.answers = {net::Answer{200, body}};
  const auto got = ollama()->complete(request());
  ASSERT_TRUE(got.ok()) << got.error().message;
  EXPECT_EQ(http_.requests.at(0).url, "http://localhost:1/api/chat");
  EXPECT_EQ(sent(),
            R"({"messages":[{"content":"hi","role":"user"},{"content":"42","role":"tool"}],)"
            R"("model":"m:8b","stream":false})");
  EXPECT_EQ(got->text, "Hello");
  EXPECT_EQ(got->model, "m:8b@sha256:" + kDigest);
  EXPECT_EQ(got->raw_hash, crypto::blake3_hex(body));
  EXPECT_FALSE(got->usage);
}

TEST_F(ServersTest, OpenaiIsAskedAsRecorded) {
  http_.answers = {net::Answer{200, R"({"model":"served","choices":[{"message":{"content":"Hi"}}],)"
                                    R"("usage":{"prompt_tokens":3,"completion_tokens":2}})"}};
  const auto got = openai("k")->complete(request());
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(http_.requests.at(0).url, "https://h.test/v1/chat/completions");
  EXPECT_TRUE(has_header("Authorization: Bearer k"));
  EXPECT_EQ(sent(), R"({"max_tokens":7,"messages":[{"content":"hi","role":"user"},)"
                    R"({"content":"42","role":"tool"}],"model":"gpt","stream":false})");
  EXPECT_EQ(got->model, "gpt");
  EXPECT_EQ(got->usage->prompt_tokens, 3U);
}

TEST_F(ServersTest, ClaudeHearsToolsAsUsersAndReportsItsModel) {
  http_.answers = {net::Answer{200, R"({"model":"c-1-x","content":[{"type":"thinking"},)"
                                    R"({"type":"text","text":"Hi"}],)"
                                    R"("usage":{"input_tokens":3,"output_tokens":2}})"}};
  const auto got = claude()->complete(request());
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(http_.requests.at(0).url, "https://api.anthropic.com/v1/messages");
  EXPECT_TRUE(has_header("x-api-key: k-secret"));
  EXPECT_TRUE(has_header("anthropic-version: 2023-06-01"));
  EXPECT_EQ(sent(), R"({"max_tokens":7,"messages":[{"content":"hi","role":"user"},)"
                    R"({"content":"42","role":"user"}],"model":"c-1","stream":false})");
  EXPECT_EQ(got->text, "Hi");
  EXPECT_EQ(got->model, "c-1-x");
  EXPECT_EQ(got->usage->completion_tokens, 2U);
}

TEST_F(ServersTest, WholeRequestsBringSystemTextAndSchemaInEachServersWay) {
  const auto body_of = [this](Model& model) {
    http_.answers = {net::Answer{404}};
    static_cast<void>(model.complete(whole()).ok());
    return json::parse(sent()).value();
  };
  const json::Value to_ollama = body_of(*ollama());
  EXPECT_EQ(*to_ollama.find("messages")->as_array()->front().find_text("role"), "system");
  EXPECT_EQ(json::canonical(*to_ollama.find("options")), R"({"num_predict":7,"temperature":0.0})");
  EXPECT_EQ(json::canonical(*to_ollama.find("format")), R"({"type":"object"})");
  const json::Value to_openai = body_of(*openai());
  EXPECT_EQ(*to_openai.find("messages")->as_array()->front().find_text("content"), "be brief");
  EXPECT_EQ(*to_openai.find("response_format")->find_text("type"), "json_schema");
  const json::Value to_claude = body_of(*claude());
  EXPECT_EQ(*to_claude.find_text("system"), "be brief");
  EXPECT_EQ(to_claude.find("messages")->as_array()->size(), 2U);
  EXPECT_EQ(json::canonical(*to_claude.find("tool_choice")), R"({"name":"answer","type":"tool"})");
}

TEST_F(ServersTest, ClaudeGivesADocumentAsTheInputOfItsTool) {
  http_.answers = {net::Answer{200, R"({"content":[{"type":"tool_use","input":{"b":1,"a":2}}]})"}};
  const auto got = claude()->complete(whole());
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(got->text, R"({"a":2,"b":1})");
  EXPECT_TRUE(got->parsed_json);
  EXPECT_EQ(got->model, "c-1");
}

TEST_F(ServersTest, AnswersOfAnotherShapeAreParseErrors) {
  for (const char* body : {"", "<html>", "[]", "7", R"({"choices":[]})"}) {
    EXPECT_TRUE(failure(*ollama(), {200, body}).starts_with("response parse: ") ||
                std::string_view(body).starts_with("{"));
    EXPECT_TRUE(failure(*openai(), {200, body}).starts_with("response parse: ")) << body;
    EXPECT_TRUE(failure(*claude(), {200, body}).starts_with("response parse: ")) << body;
  }
  EXPECT_TRUE(failure(*claude(), {200, R"({"content":[{"type":"image"}]})"})
                  .starts_with("response parse: "));
}

TEST_F(ServersTest, OtherStatusesAreNamedAndNotWhatTheServerWrites) {
  EXPECT_EQ(failure(*ollama(), {404, "k-secret"}), "transport: HTTP 404");
  EXPECT_EQ(failure(*openai(), {302, "k-secret"}), "upstream: HTTP 302");
  EXPECT_EQ(failure(*claude(), {529, "k-secret"}), "upstream: HTTP 529");
  EXPECT_EQ(http_.requests.size(), 5U);  // the busy server was asked three times
}

TEST_F(ServersTest, NoAnswerIsATimeoutOrATransportError) {
  Error late = make_error(Code::kPrecondition, "x");
  late.token = net::kTimeoutToken;
  http_.answers = {Result<net::Answer>(late)};
  EXPECT_EQ(ollama()->complete(request()).error().message, "timeout after 30000 ms");
  EXPECT_EQ(ollama()->complete(request()).error().message, "transport: nobody is there");
}

TEST_F(ServersTest, SettingsBoundTimeAndTokens) {
  http_.answers = {net::Answer{404}};
  const auto model =
      claude_model(
          {.endpoint = "", .model = "c-1", .api_key = "k", .timeout_millis = 5, .max_tokens = 3},
          {http_, pauses_})
          .value();
  static_cast<void>(model->complete(request()).ok());
  EXPECT_EQ(http_.requests.at(0).timeout_millis, 5);
  EXPECT_NE(sent().find(R"("max_tokens":3,)"), std::string::npos);
}

TEST_F(ServersTest, StreamsAreReadHoweverTheyAreTorn) {
  EXPECT_EQ(streamed(*ollama(),
                     "{\"message\":{\"content\":\"Hel\"},\"done\":false}\r\n\n"
                     "{\"message\":{\"content\":\"lo\"}}\n{\"done\":true}\nafter"),
            "Hel|lo|");
  EXPECT_EQ(last_.text, "Hello");
  EXPECT_NE(sent().find(R"("stream":true)"), std::string::npos);
  EXPECT_EQ(streamed(*openai(),
                     "event: x\ndata: {\"choices\":[{\"delta\":{\"content\":\"Hel\"}}]}\n\n"
                     "data:{\"choices\":[{\"delta\":{\"content\":\"lo\"}}]}\n\ndata: [DONE]\n\nxx"),
            "Hel|lo|");
  const std::string body =
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"c-9\"}}\n\n"
      "data: {\"type\":\"ping\"}\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":"
      "\"text_delta\",\"text\":\"Hello\"}}\n\ndata: {\"type\":\"message_stop\"}";
  EXPECT_EQ(streamed(*claude(), body), "Hello|");
  EXPECT_EQ(last_.model, "c-9");
  EXPECT_EQ(last_.raw_hash, crypto::blake3_hex(body));
}

TEST_F(ServersTest, ABadLineEndsTheStream) {
  EXPECT_TRUE(streamed(*ollama(), "{\"message\":{}}\nnot json\n").starts_with("response parse: "));
  EXPECT_TRUE(streamed(*openai(), "data: {\n").starts_with("response parse: "));
  EXPECT_TRUE(streamed(*claude(), "data: {\"type\":\"error\"}\n").starts_with("response parse: "));
}

// Half a line is no answer that cannot be read: it is one that did not come.
TEST_F(ServersTest, AStreamThatIsCutOffIsAFailureOfTheLine) {
  class CutOff final : public net::Http {
   public:
    explicit CutOff(std::string_view token) : token_(token) {}
    Result<net::Answer> send(const net::Request& request) override {
      EXPECT_TRUE(request.on_piece("{\"message\":{\"content\":\"a\"}}\n{\"mess"));
      return with_token(make_error(Code::kPrecondition, "the connection was closed"), token_);
    }

   private:
    std::string token_;
  };
  const std::string reference = "m@sha256:" + std::string(64, 'a');
  for (const auto& [token, said] :
       {std::pair{net::kTimeoutToken, "timeout after 30000 ms"},
        std::pair{net::kUnreachableToken, "transport: the connection was closed"}}) {
    CutOff http(token);
    const auto model =
        ollama_model({.endpoint = "http://localhost:1", .model = reference}, {http, pauses_});
    ASSERT_TRUE(model.ok());
    const auto got = (*model)->stream(request(), [](std::string_view) { return true; });
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().message, said);
  }
}

TEST_F(ServersTest, TheReaderMayStopAStream) {
  http_.answers = {net::Answer{200, "{\"message\":{\"content\":\"a\"}}\n{\"done\":true}\n"}};
  const auto got = ollama()->stream(request(), [](std::string_view) { return false; });
  ASSERT_FALSE(got.ok());
  EXPECT_NE(got.error().message.find("cut off"), std::string::npos);
}

TEST_F(ServersTest, ThePinIsComparedWithWhatTheServerHas) {
  const auto listed = [](std::string_view name, std::string_view digest) {
    return Answers{net::Answer{
        200, cat(R"({"models":[{"name":")", name, R"(","digest":")", digest, R"("}]})")}};
  };
  http_.answers = listed("m:8b", "sha256:" + kDigest);
  EXPECT_EQ(ollama()->examine().value(), "");
  http_.answers = listed("m:8b", std::string(64, 'b'));
  const auto other = ollama()->examine();
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, Code::kPrecondition);
  http_.answers = listed("n", kDigest);
  EXPECT_NE(ollama()->examine().value().find("not verified"), std::string::npos);
  http_.answers = {net::Answer{404}};
  EXPECT_NE(ollama()->examine().value().find("not verified"), std::string::npos);
  EXPECT_FALSE(ollama()->examine().ok());  // nobody is there
}

TEST(Servers, PinsAreWholeDigestsBehindAName) {
  EXPECT_TRUE(is_pinned_reference("m@sha256:" + kDigest));
  EXPECT_TRUE(is_pinned_reference("a@sha256:x@sha256:" + std::string(64, 'F')));
  for (const std::string& bad :
       {std::string("m"), "@sha256:" + kDigest, "m@sha256:" + kDigest + "0",
        "m@sha256:" + kDigest.substr(1), "m@sha256:" + kDigest.substr(1) + "g"}) {
    EXPECT_FALSE(is_pinned_reference(bad)) << bad;
  }
}

TEST(Servers, RefuseSettingsThatCannotBeMeant) {
  const Network network;
  const auto refused = [](const Result<std::unique_ptr<Model>>& made, std::string_view what) {
    ASSERT_FALSE(made.ok()) << what;
    EXPECT_EQ(made.error().code, Code::kPrecondition);
    EXPECT_NE(made.error().message.find(what), std::string::npos) << made.error().message;
    EXPECT_EQ(made.error().text().find("secret"), std::string::npos);
  };
  const std::string pinned = "m@sha256:" + kDigest;
  refused(ollama_model({.endpoint = "http://localhost:1", .model = "m"}, network),
          "digest-pinned with @sha256:<64 hex chars>");
  for (const char* endpoint : {"http://10.0.0.1", "http://0.0.0.0:1", "http://localhost.evil.test",
                               "http://me:secret@127.0.0.1"}) {
    refused(ollama_model({.endpoint = endpoint, .model = pinned}, network), "not on this machine");
  }
  refused(openai_model({.endpoint = "ftp://h", .model = "m"}, network), "no http or https");
  refused(openai_model({.endpoint = "http://h", .model = " "}, network), "no model");
  refused(
      openai_model({.endpoint = "http://h", .model = "m", .api_key = "secret\r\nX: y"}, network),
      "API key");
  refused(claude_model({.endpoint = "", .model = "c"}, network), "CORTEX_CLAUDE_API_KEY");
  refused(claude_model({.endpoint = "", .model = "c-latest", .api_key = "secret"}, network),
          "latest");
  refused(claude_model({.endpoint = "http://h", .model = "c", .api_key = "secret"}, network),
          "not https");
}

}  // namespace
}  // namespace cortex::llm
