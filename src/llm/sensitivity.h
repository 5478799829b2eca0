// The one gate before anything leaves this machine: what is marked as more sensitive than allowed
// is not sent. Pure. What counts as a mark stands in core/sensitivity.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/sensitivity.h"
#include "llm/message.h"
#include "llm/model.h"

namespace cortex::llm {

inline constexpr std::string_view kSensitivityToken = "sensitivity_exceeds_remote_threshold";

// kPrecondition with kSensitivityToken when the request, its system text or a message is marked
// above `max`.
Status check_sensitivity(const Request& request, Sensitivity max);

// `model` behind the gate: each request, streamed or not, is checked before it is passed on. Models
// on this machine are asked as they are.
std::unique_ptr<Model> gated(std::unique_ptr<Model> model, Sensitivity max);

}  // namespace cortex::llm
