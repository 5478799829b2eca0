// Where no model is configured: every request gets the same sentence, so that what stands around a
// model can be used and tested without one.
#pragma once

#include <memory>
#include <string_view>

#include "llm/model.h"

namespace cortex::llm {

inline constexpr std::string_view kOfflineAdapter = "cli-offline";

// Answers "offline response for <model>".
std::unique_ptr<Model> offline_model();

}  // namespace cortex::llm
