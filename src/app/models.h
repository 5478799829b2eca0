// `models list`: the models that the configured server, or another one on request, has.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/layout.h"
#include "app/llm_settings.h"
#include "app/services.h"
#include "base/result.h"
#include "json/value.h"
#include "llm/catalog.h"

namespace cortex::app {

struct ModelsReport {
  LlmBackend backend = LlmBackend::kOffline;  // kOffline: none is configured, and nothing was asked
  std::string endpoint;                       // as it may be shown
  std::string configured;                     // name of the configured model, without its digest
  std::vector<llm::ModelRow> models;
  std::string note;  // why the configuration file was not heeded, or empty

  bool is_configured(const llm::ModelRow& row) const;
};

// `backend` is the flag. Errors: kUsage (Claude, unknown backend), those of llm/catalog.h.
Result<ModelsReport> list_models(Services& services, const Environment& environment,
                                 std::optional<LlmBackend> backend);

json::Value to_json(const ModelsReport& report);

}  // namespace cortex::app
