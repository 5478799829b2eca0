#include <utility>

#include "base/text.h"
#include "llm/catalog.h"
#include "llm/key_header.h"
#include "llm/wire.h"

namespace cortex::llm {
namespace {

constexpr std::string_view kEnd = "[DONE]";

class Openai final : public Wire {
 public:
  explicit Openai(const ServerSettings& settings)
      : endpoint_(settings.endpoint), model_(settings.model), key_(settings.api_key) {}

  std::string_view adapter_id() const override { return kOpenaiAdapter; }

  net::Request request(const Request& request, bool stream) const override {
    json::Array messages = messages_json(request, role_token(Role::kTool));
    json::Object body{{"model", model_}, {"stream", stream}, {"max_tokens", request.max_tokens}};
    if (request.whole) {
      messages.insert(messages.begin(),
                      json::Object{{"content", request.system}, {"role", "system"}});
      body.add("temperature", temperature_of(request));
      if (request.json_schema) {
        body.add("response_format",
                 json::Object{{"type", "json_schema"},
                              {"json_schema", json::Object{{"name", "answer"},
                                                           {"strict", true},
                                                           {"schema", *request.json_schema}}}});
      }
    }
    body.add("messages", std::move(messages));
    net::Request out = post_json(openai_url(endpoint_, "chat/completions"), body);
    if (!key_.empty()) out.headers.push_back(cat("Authorization: Bearer ", key_));
    return out;
  }

  Result<Response> read(const json::Value& body) const override {
    const json::Value* choice = first_choice(body);
    if (choice == nullptr) return unreadable_answer("it has no choice");
    Response response;
    response.text = content_of(*choice, "message");
    response.model = model_;
    response.usage = usage_of(body);
    return response;
  }

  Result<Piece> read_line(std::string_view line) const override {
    const auto data = event_data(line);
    if (!data) return Piece{};
    if (*data == kEnd) return Piece{.end = true};
    const auto body = json::parse(*data);
    if (!body.ok()) return unreadable_answer(body.error().message);
    if (body->find("error") != nullptr) return unreadable_answer("the server gave up half-way");
    Piece piece;
    piece.usage = usage_of(*body);
    if (const json::Value* choice = first_choice(*body)) piece.delta = content_of(*choice, "delta");
    return piece;
  }

 private:
  static const json::Value* first_choice(const json::Value& body) {
    const json::Value* choices = body.find("choices");
    const json::Array* rows = choices == nullptr ? nullptr : choices->as_array();
    return rows == nullptr || rows->empty() ? nullptr : &rows->front();
  }

  static std::string content_of(const json::Value& choice, std::string_view member) {
    const json::Value* message = choice.find(member);
    const std::string* content = message == nullptr ? nullptr : message->find_text("content");
    return content == nullptr ? std::string() : *content;
  }

  static std::optional<Usage> usage_of(const json::Value& body) {
    const json::Value* usage = body.find("usage");
    if (usage == nullptr) return std::nullopt;
    const auto prompt = usage->find_unsigned("prompt_tokens");
    const auto completion = usage->find_unsigned("completion_tokens");
    if (!prompt || !completion) return std::nullopt;
    return Usage{*prompt, *completion};
  }

  std::string endpoint_, model_, key_;
};

}  // namespace

Result<std::unique_ptr<Model>> openai_model(ServerSettings settings, Network network) {
  if (is_blank(settings.model)) return invalid_request("no model is named");
  const bool spoken =
      settings.endpoint.starts_with("http://") || settings.endpoint.starts_with("https://");
  if (!spoken || net::url_host(settings.endpoint).empty()) {
    return invalid_request(cat("the endpoint ", quoted(net::shown_url(settings.endpoint)),
                               " is no http or https address"));
  }
  CORTEX_TRY(check_key(settings.api_key));
  auto wire = std::make_unique<Openai>(settings);
  return server_model(std::move(wire), std::move(settings), network);
}

}  // namespace cortex::llm
