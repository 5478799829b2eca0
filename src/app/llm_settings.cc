#include "app/llm_settings.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/text.h"
#include "llm/offline.h"
#include "llm/sensitivity.h"
#include "llm/servers.h"

namespace cortex::app {
namespace {

using Text = std::optional<std::string>;

constexpr std::array<std::string_view, 4> kBackends{"offline", "ollama", "claude", "openai-compat"};

struct LoadedConfig {
  ConfigFile file;
  std::string note;
};

LoadedConfig load(const Environment& environment, fs::FileSystem& fs) {
  auto file = load_config(environment, fs);
  if (file.ok()) return {std::move(file).value(), ""};
  return {{}, file.error().text()};
}

std::string first(Text a, Text b, std::string_view otherwise = "") {
  if (a) return *std::move(a);
  return b ? *std::move(b) : std::string(otherwise);
}

int millis_of(std::optional<std::int64_t> configured) {
  constexpr std::int64_t kMax = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp<std::int64_t>(configured.value_or(0), 0, kMax));
}

LlmSettings settings_from(LlmBackend backend, const Environment& environment,
                          const ConfigFile& file) {
  const Text endpoint = environment.get("CORTEX_LLM_ENDPOINT");
  const Text model = environment.get("CORTEX_LLM_MODEL");
  const auto level = [](const Text& text) {
    return core::parse_sensitivity(text.value_or("")).value_or(llm::Sensitivity::kMedium);
  };
  LlmSettings out{.backend = backend};
  switch (backend) {
    case LlmBackend::kOffline:
      break;
    case LlmBackend::kOllama:
      out.endpoint = first(endpoint, file.ollama_endpoint, llm::kOllamaEndpoint);
      out.model = first(model, file.ollama_model);
      out.timeout_millis = millis_of(file.ollama_timeout_millis);
      break;
    case LlmBackend::kClaude:
      out.endpoint = first(file.claude_endpoint, {}, llm::kClaudeEndpoint);
      out.model = first(model, file.claude_model);
      out.api_key = environment.get("CORTEX_CLAUDE_API_KEY").value_or("");
      out.timeout_millis = millis_of(file.claude_timeout_millis);
      out.max_tokens = static_cast<std::uint32_t>(file.claude_max_tokens.value_or(0));
      out.max_sensitivity = level(file.claude_max_sensitivity);
      break;
    case LlmBackend::kOpenai:
      out.endpoint = first(endpoint, file.openai_base_url, llm::kOpenaiEndpoint);
      out.model = first(model, file.openai_model);
      out.api_key = first(environment.get("CORTEX_LLM_API_KEY"), file.openai_api_key);
      out.timeout_millis = millis_of(file.openai_timeout_millis);
      out.max_sensitivity = level(file.openai_max_sensitivity);
      break;
  }
  return out;
}

std::string remote_warning(const LlmSettings& settings) {
  std::string text =
      cat("WARNING: prompts leave this machine for ", printable(net::shown_url(settings.endpoint)));
  if (settings.endpoint.starts_with("http://")) text += ", unencrypted, and the API key with them";
  return text;
}

}  // namespace

std::string_view backend_token(LlmBackend backend) {
  return kBackends[static_cast<std::size_t>(backend)];
}

std::optional<LlmBackend> parse_backend(std::string_view token) {
  const auto* found = std::ranges::find(kBackends, token);
  if (found == kBackends.end()) return std::nullopt;
  return static_cast<LlmBackend>(found - kBackends.begin());
}

Result<LlmChoice> llm_settings(const Environment& environment, fs::FileSystem& fs) {
  LoadedConfig config = load(environment, fs);
  CORTEX_ASSIGN(LlmSettings settings, llm_settings(environment, config.file));
  return LlmChoice{std::move(settings), std::move(config.note)};
}

Result<LlmSettings> llm_settings(const Environment& environment, const ConfigFile& file) {
  const std::string token =
      first(environment.get("CORTEX_LLM_BACKEND"), file.llm_backend, kBackends.front());
  const auto backend = parse_backend(token);
  if (!backend) {
    return make_error(Code::kUsage,
                      cat("CORTEX_LLM_BACKEND names the unknown backend ", quoted(token)),
                      "no state was changed", "use offline, ollama, claude or openai-compat");
  }
  return settings_from(*backend, environment, file);
}

LlmChoice settings_of(LlmBackend backend, const Environment& environment, fs::FileSystem& fs) {
  LoadedConfig config = load(environment, fs);
  return {settings_from(backend, environment, config.file), std::move(config.note)};
}

Result<OpenedModel> open_model(Services& services, const LlmSettings& settings) {
  llm::ServerSettings server{.endpoint = settings.endpoint,
                             .model = settings.model,
                             .api_key = settings.api_key,
                             .timeout_millis = settings.timeout_millis,
                             .max_tokens = settings.max_tokens};
  const llm::Network network{services.http};
  OpenedModel out;
  switch (settings.backend) {
    case LlmBackend::kOffline:
      out.model = llm::offline_model();
      return out;
    case LlmBackend::kOllama: {
      CORTEX_ASSIGN(out.model, llm::ollama_model(std::move(server), network));
      break;
    }
    case LlmBackend::kClaude: {
      CORTEX_ASSIGN(out.model, llm::claude_model(std::move(server), network));
      break;
    }
    case LlmBackend::kOpenai: {
      CORTEX_ASSIGN(out.model, llm::openai_model(std::move(server), network));
      break;
    }
  }
  if (out.model->is_remote()) out.warning = remote_warning(settings);
  out.model = llm::gated(std::move(out.model), settings.max_sensitivity);
  return out;
}

Result<LlmSettings> server_settings(Services& services, const Environment& environment,
                                    std::string_view otherwise, const Warn& warn) {
  CORTEX_ASSIGN(LlmChoice choice, llm_settings(environment, services.fs));
  if (!choice.note.empty()) warn(cat("warning: ", choice.note));
  if (choice.settings.backend != LlmBackend::kOffline) return std::move(choice.settings);
  return make_error(Code::kPrecondition, "No LLM backend configured", "nothing was asked",
                    cat("configure one (`cortex models list` says how), or use ", otherwise));
}

Result<std::unique_ptr<llm::Model>> ready_model(Services& services, const LlmSettings& settings,
                                                const Warn& warn) {
  CORTEX_ASSIGN(OpenedModel opened, open_model(services, settings));
  CORTEX_ASSIGN(const std::string doubt, opened.model->examine());
  if (!opened.warning.empty()) warn(opened.warning);
  if (!doubt.empty()) warn(cat("warning: ", doubt));
  return std::move(opened.model);
}

}  // namespace cortex::app
