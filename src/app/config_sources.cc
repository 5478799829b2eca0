#include "app/config_sources.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "app/config.h"
#include "app/llm_settings.h"
#include "net/http.h"

namespace cortex::app {
namespace {

using Text = std::optional<std::string>;

// The variable when it is set, else the file when it has the value, else neither.
std::string source_of(const Environment& environment, std::string_view variable, bool in_file) {
  if (!variable.empty() && environment.get(variable)) return std::string(variable);
  return in_file ? "config.toml" : "default";
}

// What the file says of one backend.
struct FileSettings {
  Text endpoint, model;
  bool sensitivity = false, tokens = false, timeout = false;
};

FileSettings in_file(LlmBackend backend, const ConfigFile& file) {
  switch (backend) {
    case LlmBackend::kOllama:
      return {file.ollama_endpoint, file.ollama_model, false, false,
              file.ollama_timeout_millis.has_value()};
    case LlmBackend::kClaude:
      return {file.claude_endpoint, file.claude_model, file.claude_max_sensitivity.has_value(),
              file.claude_max_tokens.has_value(), file.claude_timeout_millis.has_value()};
    case LlmBackend::kOpenai:
      return {file.openai_base_url, file.openai_model, file.openai_max_sensitivity.has_value(),
              false, file.openai_timeout_millis.has_value()};
    case LlmBackend::kOffline:
      break;
  }
  return {};
}

json::Object path_sources(const Environment& environment, const ConfigFile& file) {
  return {{"data_dir", source_of(environment, "CORTEX_DATA_DIR", file.data_dir.has_value())},
          {"db_path", source_of(environment, "CORTEX_DB_PATH", file.db_path.has_value())},
          {"event_log_path",
           source_of(environment, "CORTEX_EVENT_LOG_PATH", file.event_log_path.has_value())}};
}

}  // namespace

Result<json::Value> extended_config_report(const Environment& environment, fs::FileSystem& fs) {
  CORTEX_ASSIGN(const ConfigFile file, load_config(environment, fs));
  CORTEX_ASSIGN(json::Value report, config_report(environment, file));
  CORTEX_ASSIGN(const LlmSettings settings, llm_settings(environment, file));
  const FileSettings from_file = in_file(settings.backend, file);
  const bool claude = settings.backend == LlmBackend::kClaude;
  json::Object sources = path_sources(environment, file);
  sources.add("llm.backend",
              source_of(environment, "CORTEX_LLM_BACKEND", file.llm_backend.has_value()));
  json::Object llm{{"backend", backend_token(settings.backend)}};
  if (settings.backend != LlmBackend::kOffline) {
    llm.add("endpoint", net::shown_url(settings.endpoint));
    llm.add("model", settings.model);
    llm.add("max_sensitivity", core::sensitivity_token(settings.max_sensitivity));
    llm.add("max_tokens", settings.max_tokens);
    llm.add("timeout_ms", settings.timeout_millis);
    sources.add("llm.endpoint", source_of(environment, claude ? "" : "CORTEX_LLM_ENDPOINT",
                                          from_file.endpoint.has_value()));
    sources.add("llm.model",
                source_of(environment, "CORTEX_LLM_MODEL", from_file.model.has_value()));
    sources.add("llm.max_sensitivity", source_of(environment, "", from_file.sensitivity));
    sources.add("llm.max_tokens", source_of(environment, "", from_file.tokens));
    sources.add("llm.timeout_ms", source_of(environment, "", from_file.timeout));
  }
  report.as_object()->add("llm", std::move(llm));
  report.as_object()->add("sources", std::move(sources));
  return report;
}

}  // namespace cortex::app
