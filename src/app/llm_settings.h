// Which language model is asked, and how: environment before configuration file before defaults
// (docs/formats.md, "Configuration").
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/config.h"
#include "app/layout.h"
#include "app/services.h"
#include "base/fs/fs.h"
#include "base/result.h"
#include "llm/model.h"

namespace cortex::app {

enum class LlmBackend : std::uint8_t { kOffline, kOllama, kClaude, kOpenai };
std::string_view backend_token(LlmBackend backend);  // "openai-compat"
std::optional<LlmBackend> parse_backend(std::string_view token);

struct LlmSettings {
  LlmBackend backend = LlmBackend::kOffline;
  std::string endpoint{}, model{}, api_key{};
  int timeout_millis = 0;        // 0: that of each request
  std::uint32_t max_tokens = 0;  // 0: those of each request
  llm::Sensitivity max_sensitivity = llm::Sensitivity::kMedium;
};

struct LlmChoice {
  LlmSettings settings;
  std::string note;  // why the configuration file was not heeded, or empty
};

// The configured backend. A file that cannot be read or is not valid counts as absent. Error:
// kUsage when CORTEX_LLM_BACKEND names a backend that there is not.
Result<LlmChoice> llm_settings(const Environment& environment, fs::FileSystem& fs);
// The same of a file that was read.
Result<LlmSettings> llm_settings(const Environment& environment, const ConfigFile& file);
// The settings that `backend` has there, whichever is configured.
LlmChoice settings_of(LlmBackend backend, const Environment& environment, fs::FileSystem& fs);

struct OpenedModel {
  std::unique_ptr<llm::Model> model;  // behind the gate of llm/sensitivity.h
  std::string warning;                // for stderr, or empty
};

// Error: kPrecondition when the settings cannot work. Nothing is sent.
Result<OpenedModel> open_model(Services& services, const LlmSettings& settings);

// Sees what people should know, a sentence at a time.
using Warn = std::function<void(const std::string&)>;
// The configured backend, which must be one that answers; its note is told. Error: kPrecondition
// when none is configured, with `otherwise` as what to do without one; those of llm_settings().
Result<LlmSettings> server_settings(Services& services, const Environment& environment,
                                    std::string_view otherwise, const Warn& warn);
// A model that was looked at (llm::Model::examine()); its warnings are told. Errors: those of
// open_model() and of examine().
Result<std::unique_ptr<llm::Model>> ready_model(Services& services, const LlmSettings& settings,
                                                const Warn& warn);

}  // namespace cortex::app
