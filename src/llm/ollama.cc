#include <algorithm>
#include <utility>

#include "base/text.h"
#include "llm/catalog.h"
#include "llm/wire.h"

namespace cortex::llm {
namespace {

constexpr std::string_view kPin = "@sha256:";
constexpr std::size_t kDigestDigits = 64;

// The pin, lower case; the reference is pinned.
std::string digest_of(std::string_view reference) {
  return to_lower_ascii(reference.substr(reference.size() - kDigestDigits));
}

// As servers list them: some write the algorithm in front.
std::string bare_digest(std::string_view listed) {
  constexpr std::string_view kAlgorithm = "sha256:";
  if (listed.starts_with(kAlgorithm)) listed.remove_prefix(kAlgorithm.size());
  return to_lower_ascii(listed);
}

class Ollama final : public Wire {
 public:
  explicit Ollama(const ServerSettings& settings)
      : endpoint_(settings.endpoint), reference_(settings.model) {}

  std::string_view adapter_id() const override { return kOllamaAdapter; }

  net::Request request(const Request& request, bool stream) const override {
    json::Array messages = messages_json(request, role_token(Role::kTool));
    json::Object body{{"model", name()}, {"stream", stream}};
    if (request.whole) {
      messages.insert(messages.begin(),
                      json::Object{{"content", request.system}, {"role", "system"}});
      body.add("options", json::Object{{"num_predict", request.max_tokens},
                                       {"temperature", temperature_of(request)}});
      if (request.json_schema) body.add("format", *request.json_schema);
    }
    body.add("messages", std::move(messages));
    return post_json(net::join_url(endpoint_, "api/chat"), body);
  }

  Result<Response> read(const json::Value& body) const override {
    if (body.as_object() == nullptr) return unreadable_answer("it is no object");
    Response response;
    response.text = content_of(body);
    return response;
  }

  Result<Piece> read_line(std::string_view line) const override {
    const auto body = json::parse(line);
    if (!body.ok()) return unreadable_answer(body.error().message);
    if (body->as_object() == nullptr) return unreadable_answer("a line is no object");
    if (body->find("error") != nullptr) return unreadable_answer("the server gave up half-way");
    Piece piece;
    piece.delta = content_of(*body);
    const json::Value* done = body->find("done");
    piece.end = done != nullptr && done->as_bool() != nullptr && *done->as_bool();
    return piece;
  }

  // The name is the server's to give, so the digest behind it is what counts.
  Result<std::string> examine(net::Http& http) const override {
    const auto models = list_ollama_models(endpoint_, http);
    if (!models.ok()) {
      if (models.error().code == Code::kPrecondition) return models.error();
      return cat("the digest of ", printable(name()),
                 " was not verified: ", models.error().message);
    }
    const auto found = std::ranges::find_if(*models, [this](const ModelRow& row) {
      return row.name == name() || row.name == name() + ":latest";
    });
    if (found == models->end() || found->digest.empty()) {
      return cat("the digest of ", printable(name()),
                 " was not verified: the server does not list it");
    }
    if (bare_digest(found->digest) == digest_of(reference_)) return std::string();
    return invalid_request(cat("the server's ", printable(name()), " has the digest ",
                               printable(found->digest), ", not the pinned one"));
  }

 private:
  std::string name() const { return reference_.substr(0, reference_.find('@')); }

  static std::string content_of(const json::Value& body) {
    const json::Value* message = body.find("message");
    const std::string* content = message == nullptr ? nullptr : message->find_text("content");
    return content == nullptr ? std::string() : *content;
  }

  std::string endpoint_, reference_;
};

}  // namespace

bool is_pinned_reference(std::string_view model) {
  const std::size_t at = model.rfind(kPin);
  if (at == std::string_view::npos || at == 0) return false;
  const std::string_view digest = model.substr(at + kPin.size());
  return digest.size() == kDigestDigits && is_lower_hex(to_lower_ascii(digest));
}

Result<std::unique_ptr<Model>> ollama_model(ServerSettings settings, Network network) {
  if (!is_pinned_reference(settings.model)) {
    return invalid_request(cat("invalid ollama model ref ", quoted(settings.model),
                               ": it must be digest-pinned with @sha256:<64 hex chars>"));
  }
  if (!net::is_loopback_url(settings.endpoint)) {
    return invalid_request(cat("the Ollama endpoint ", quoted(net::shown_url(settings.endpoint)),
                               " is not on this machine"));
  }
  auto wire = std::make_unique<Ollama>(settings);
  return server_model(std::move(wire), std::move(settings), network);
}

}  // namespace cortex::llm
