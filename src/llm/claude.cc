#include <utility>

#include "base/text.h"
#include "llm/key_header.h"
#include "llm/wire.h"

namespace cortex::llm {
namespace {

// A schema is asked for as the input of a tool that must be called.
constexpr std::string_view kToolName = "answer";

class Claude final : public Wire {
 public:
  explicit Claude(const ServerSettings& settings)
      : endpoint_(settings.endpoint), model_(settings.model), key_(settings.api_key) {}

  std::string_view adapter_id() const override { return kClaudeAdapter; }

  net::Request request(const Request& request, bool stream) const override {
    json::Object body{{"model", model_},
                      {"stream", stream},
                      {"max_tokens", request.max_tokens},
                      {"messages", messages_json(request, role_token(Role::kUser))}};
    if (request.whole) {
      body.add("system", request.system);
      body.add("temperature", temperature_of(request));
      if (request.json_schema) {
        body.add("tools",
                 json::Array{json::Object{{"name", kToolName},
                                          {"description", "Give the answer as a document."},
                                          {"input_schema", *request.json_schema}}});
        body.add("tool_choice", json::Object{{"type", "tool"}, {"name", kToolName}});
      }
    }
    net::Request out = post_json(net::join_url(endpoint_, "v1/messages"), body);
    out.headers.push_back(cat("x-api-key: ", key_));
    out.headers.emplace_back("anthropic-version: 2023-06-01");
    return out;
  }

  Result<Response> read(const json::Value& body) const override {
    Response response;
    if (const std::string* model = body.find_text("model")) response.model = *model;
    if (const json::Value* usage = body.find("usage")) response.usage = usage_of(*usage);
    const json::Value* content = body.find("content");
    const json::Array* blocks = content == nullptr ? nullptr : content->as_array();
    if (blocks == nullptr) return unreadable_answer("it has no content");
    for (const json::Value& block : *blocks) {
      const std::string* type = block.find_text("type");
      const json::Value* input = block.find("input");
      if (type != nullptr && *type == "tool_use" && input != nullptr) {
        response.text = json::canonical(*input);
        response.parsed_json = *input;
        return response;
      }
    }
    for (const json::Value& block : *blocks) {
      const std::string* type = block.find_text("type");
      const std::string* text = block.find_text("text");
      if (type == nullptr || *type != "text" || text == nullptr) continue;
      response.text = *text;
      return response;
    }
    return unreadable_answer("it has no block of text");
  }

  Result<Piece> read_line(std::string_view line) const override {
    const auto data = event_data(line);
    if (!data) return Piece{};
    const auto body = json::parse(*data);
    if (!body.ok()) return unreadable_answer(body.error().message);
    const std::string* type = body->find_text("type");
    if (type == nullptr) return Piece{};
    if (*type == "error") return unreadable_answer("the server gave up half-way");
    Piece piece;
    piece.end = *type == "message_stop";
    if (*type == "message_start") {
      const json::Value* message = body->find("message");
      const std::string* model = message == nullptr ? nullptr : message->find_text("model");
      if (model != nullptr) piece.model = *model;
    }
    const json::Value* delta = body->find("delta");
    if (*type != "content_block_delta" || delta == nullptr) return piece;
    const std::string* kind = delta->find_text("type");
    const std::string* text = delta->find_text("text");
    if (kind != nullptr && *kind == "text_delta" && text != nullptr) piece.delta = *text;
    return piece;
  }

 private:
  static std::optional<Usage> usage_of(const json::Value& usage) {
    const auto prompt = usage.find_unsigned("input_tokens");
    const auto completion = usage.find_unsigned("output_tokens");
    if (!prompt || !completion) return std::nullopt;
    return Usage{*prompt, *completion};
  }

  std::string endpoint_, model_, key_;
};

}  // namespace

Result<std::unique_ptr<Model>> claude_model(ServerSettings settings, Network network) {
  if (settings.api_key.empty()) {
    return invalid_request("cortex.run.claude.api_key_missing: CORTEX_CLAUDE_API_KEY is not set");
  }
  CORTEX_TRY(check_key(settings.api_key));
  if (is_blank(settings.model) || settings.model.find("latest") != std::string::npos) {
    return invalid_request(cat("cortex.run.claude.model_not_allowed: the model ",
                               quoted(settings.model),
                               " must name one model; `latest` may be another one tomorrow"));
  }
  if (settings.endpoint.empty()) settings.endpoint = kClaudeEndpoint;
  const bool private_line =
      settings.endpoint.starts_with("https://") || net::is_loopback_url(settings.endpoint);
  if (!private_line || net::url_host(settings.endpoint).empty()) {
    return invalid_request(cat("cortex.run.claude.endpoint_rejected: the endpoint ",
                               quoted(net::shown_url(settings.endpoint)), " is not https"));
  }
  auto wire = std::make_unique<Claude>(settings);
  return server_model(std::move(wire), std::move(settings), network);
}

}  // namespace cortex::llm
