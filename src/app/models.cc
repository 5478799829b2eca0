#include "app/models.h"

#include <utility>

#include "base/text.h"
#include "llm/servers.h"
#include "net/http.h"

namespace cortex::app {
namespace {

// With a flag that names another backend than the configured one, the address of that backend's
// section does not count: what runs on this machine is asked.
std::string endpoint_for(LlmBackend asked, const LlmSettings& configured,
                         const Environment& environment) {
  if (asked == configured.backend) return configured.endpoint;
  if (asked == LlmBackend::kOllama) return std::string(llm::kOllamaEndpoint);
  if (configured.backend == LlmBackend::kOllama) return configured.endpoint;
  return environment.get("CORTEX_LLM_ENDPOINT").value_or(std::string(llm::kOpenaiEndpoint));
}

Error cannot_be_listed() {
  return make_error(Code::kUsage, "Claude has no list of models that could be shown",
                    "no state was changed", "use --backend ollama or --backend openai-compat");
}

}  // namespace

bool ModelsReport::is_configured(const llm::ModelRow& row) const {
  return !configured.empty() && row.name.substr(0, row.name.find('@')) == configured;
}

Result<ModelsReport> list_models(Services& services, const Environment& environment,
                                 std::optional<LlmBackend> backend) {
  CORTEX_ASSIGN(const LlmChoice choice, llm_settings(environment, services.fs));
  ModelsReport report;
  report.note = choice.note;
  report.backend = backend.value_or(choice.settings.backend);
  if (report.backend == LlmBackend::kOffline) return report;
  if (report.backend == LlmBackend::kClaude) return cannot_be_listed();
  if (choice.settings.backend == report.backend) {
    report.configured = choice.settings.model.substr(0, choice.settings.model.find('@'));
  }
  const std::string endpoint = endpoint_for(report.backend, choice.settings, environment);
  report.endpoint = net::shown_url(endpoint);
  if (report.backend == LlmBackend::kOllama && !net::is_loopback_url(endpoint)) {
    return make_error(
        Code::kPrecondition,
        cat("the Ollama endpoint ", quoted(report.endpoint), " is not on this machine"),
        "nothing was sent", "correct llm.ollama.endpoint or CORTEX_LLM_ENDPOINT");
  }
  CORTEX_ASSIGN(report.models, report.backend == LlmBackend::kOllama
                                   ? llm::list_ollama_models(endpoint, services.http)
                                   : llm::list_openai_models(endpoint, services.http));
  return report;
}

json::Value to_json(const ModelsReport& report) {
  json::Array models;
  for (const llm::ModelRow& row : report.models) {
    json::Array uses;
    if (report.is_configured(row)) uses.emplace_back("reflection");
    models.emplace_back(json::Object{{"name", row.name},
                                     {"digest", row.digest},
                                     {"size_bytes", row.size_bytes},
                                     {"parameter_size", row.parameter_size},
                                     {"quantization", row.quantization},
                                     {"configured_for", std::move(uses)}});
  }
  return json::Object{{"backend", backend_token(report.backend)},
                      {"endpoint", report.endpoint},
                      {"models", std::move(models)}};
}

}  // namespace cortex::app
