#include "app/agent_settings.h"

#include <utility>

#include "app/embedding.h"
#include "app/llm_settings.h"
#include "llm/servers.h"
#include "net/http.h"

namespace cortex::app {
namespace {

using Text = std::optional<std::string>;

Text first_given(Text a, Text b) { return a ? std::move(a) : std::move(b); }

void read_model(const Environment& environment, const ConfigFile& file, AgentSettings& settings) {
  const Text backend = first_given(environment.get("CORTEX_LLM_BACKEND"), file.llm_backend);
  if (backend && parse_backend(*backend)) settings.llm_backend = *backend;
  const Text model = environment.get("CORTEX_LLM_MODEL");
  const Text endpoint = environment.get("CORTEX_LLM_ENDPOINT");
  if (settings.llm_backend == "ollama") {
    settings.llm_model = first_given(model, file.ollama_model);
    settings.llm_endpoint =
        first_given(first_given(endpoint, file.ollama_endpoint), std::string(llm::kOllamaEndpoint));
  } else if (settings.llm_backend == "claude") {
    settings.llm_model = first_given(model, file.claude_model);
  } else if (settings.llm_backend == "openai-compat") {
    settings.llm_model = first_given(model, file.openai_model);
    settings.llm_endpoint = first_given(endpoint, file.openai_base_url);
  }
}

void read_embedding(const Environment& environment, const ConfigFile& file,
                    AgentSettings& settings) {
  const EmbeddingSettings used = embedding_settings(environment, file);
  if (!used.ollama) return;
  settings.embedding_backend = "ollama";
  settings.embedding_model = used.model;
  settings.embedding_endpoint = used.endpoint;
}

json::Value shown_or_null(const Text& url) {
  return url ? json::Value(net::shown_url(*url)) : json::Value(nullptr);
}

}  // namespace

AgentSettings agent_settings(const Environment& environment, fs::FileSystem& fs) {
  AgentSettings settings;
  ConfigFile file;
  if (auto loaded = load_config(environment, fs); loaded.ok()) {
    file = std::move(loaded).value();
  } else {
    settings.config_problem = loaded.error().message;
  }
  read_model(environment, file, settings);
  read_embedding(environment, file, settings);
  if (environment.get("CORTEX_MCP_AUTO_COMMIT") == "1") {
    settings.auto_commit_source = "env var CORTEX_MCP_AUTO_COMMIT=1";
  } else if (file.mcp_auto_commit.value_or(false)) {
    settings.auto_commit_source = "[mcp] auto_commit = true in config file";
  }
  settings.notes_wait = file.mcp_notes == "pending";
  settings.write_gate = file.write_gate;
  settings.auto_commit = !settings.auto_commit_source.empty();
  return settings;
}

json::Object to_json(const AgentSettings& settings) {
  return {{"llm_backend", settings.llm_backend},
          {"llm_model", json::or_null(settings.llm_model)},
          {"llm_endpoint", shown_or_null(settings.llm_endpoint)},
          {"embedding_backend", settings.embedding_backend},
          {"embedding_model", json::or_null(settings.embedding_model)},
          {"embedding_endpoint", shown_or_null(settings.embedding_endpoint)},
          {"mcp_auto_commit", settings.auto_commit}};
}

}  // namespace cortex::app
