#include "app/embedding.h"

#include <algorithm>
#include <utility>

#include "app/config.h"
#include "base/text.h"
#include "json/value.h"

namespace cortex::app {
namespace {

Error unusable(std::string message) {
  return make_error(Code::kUsage, std::move(message),
                    "nothing was embedded and nothing left this machine",
                    "correct --endpoint, --model or --dim");
}

class Stub final : public Embedder {
 public:
  const std::string& backend_id() const override { return id_; }
  Result<retrieval::Vector> embed(std::string_view text,
                                  const std::vector<std::string>& tags) override {
    return retrieval::stub_vector(text, tags);
  }

 private:
  std::string id_{retrieval::kStubBackend};
};

class Ollama final : public Embedder {
 public:
  Ollama(EmbeddingSettings settings, net::Http& http)
      : settings_(std::move(settings)),
        id_(cat("ollama:", settings_.model, ":", settings_.dim)),
        http_(&http) {}

  const std::string& backend_id() const override { return id_; }

  Result<retrieval::Vector> embed(std::string_view text,
                                  const std::vector<std::string>& tags) override {
    CORTEX_ASSIGN(const net::Answer answer, http_->send(request(text, tags)));
    constexpr int kHttpOk = 200;
    if (answer.status != kHttpOk) {
      return make_error(Code::kInternal, cat("the server answered with status ", answer.status));
    }
    const auto document = json::parse(answer.body);
    const json::Value* found = document.ok() ? document->find("embedding") : nullptr;
    const json::Array* numbers = found == nullptr ? nullptr : found->as_array();
    if (numbers == nullptr) {
      return make_error(Code::kInternal, "the answer has no array `embedding`");
    }
    if (numbers->size() != static_cast<std::size_t>(settings_.dim)) {
      return make_error(Code::kInternal,
                        cat("the answer has ", numbers->size(), " numbers, not ", settings_.dim));
    }
    retrieval::Vector vector;
    vector.reserve(numbers->size());
    for (const json::Value& number : *numbers) {
      if (number.as_number() == nullptr) {
        return make_error(Code::kInternal, "`embedding` holds other than numbers");
      }
      vector.push_back(static_cast<float>(json::to_double(*number.as_number())));
    }
    return vector;
  }

 private:
  net::Request request(std::string_view text, const std::vector<std::string>& tags) const {
    std::string prompt(text);
    for (std::size_t i = 0; i < tags.size(); ++i) prompt += cat(i == 0 ? " | " : " ", tags[i]);
    return {.method = "POST",
            .url = cat(settings_.endpoint, "/api/embeddings"),
            .headers = {"Accept: */*", "Content-Type: application/json"},
            .body = json::write_compact(
                json::Object{{"model", settings_.model}, {"prompt", std::move(prompt)}}),
            .timeout_millis =
                static_cast<int>(std::clamp<std::int64_t>(settings_.timeout_millis, 1, 3'600'000)),
            .answer_bytes_max = 16U << 20};
  }

  EmbeddingSettings settings_;
  std::string id_;
  net::Http* http_;
};

}  // namespace

EmbeddingSettings embedding_settings(const Environment& environment, const ConfigFile& config) {
  EmbeddingSettings settings;
  const auto first = [&](std::string_view name, const std::optional<std::string>& from_file,
                         std::string& into) {
    if (const auto value = environment.get(name)) {
      into = *value;
    } else if (from_file) {
      into = *from_file;
    }
  };
  std::string backend = "stub";
  first("CORTEX_EMBEDDING_BACKEND", config.embedding_backend, backend);
  if (backend != "ollama") return settings;
  settings.ollama = true;
  first("CORTEX_EMBEDDING_ENDPOINT", config.embedding_endpoint, settings.endpoint);
  first("CORTEX_EMBEDDING_MODEL", config.embedding_model, settings.model);
  settings.dim = config.embedding_dim.value_or(settings.dim);
  settings.timeout_millis = config.embedding_timeout_millis.value_or(settings.timeout_millis);
  return settings;
}

EmbeddingChoice embedding_settings(const Environment& environment, fs::FileSystem& fs) {
  EmbeddingChoice choice;
  const auto file = load_config(environment, fs);
  if (!file.ok()) choice.note = file.error().text();
  choice.settings = embedding_settings(environment, file.ok() ? *file : ConfigFile{});
  return choice;
}

std::unique_ptr<Embedder> stub_embedder() { return std::make_unique<Stub>(); }

Result<std::unique_ptr<Embedder>> ollama_embedder(const EmbeddingSettings& settings,
                                                  net::Http& http) {
  if (is_blank(settings.endpoint)) return unusable("the endpoint is blank");
  if (is_blank(settings.model)) return unusable("the model is blank");
  if (settings.dim <= 0) return unusable("the dimension must be at least 1");
  if (!net::is_loopback_url(settings.endpoint)) {
    return unusable(
        cat("the endpoint ", quoted(net::shown_url(settings.endpoint)), " is not on this machine"));
  }
  return std::unique_ptr<Embedder>(std::make_unique<Ollama>(settings, http));
}

}  // namespace cortex::app
