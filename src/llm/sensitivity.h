// The one gate before anything leaves this machine: what is marked as more sensitive than allowed
// is not sent. Pure.
//
// Memories are marked by the tags `sensitivity:low|medium|high`, texts by `[sensitivity:...]` or
// `[sens:...]` anywhere in them, in any case. What bears no mark is low.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "llm/message.h"
#include "llm/model.h"

namespace cortex::llm {

inline constexpr std::string_view kSensitivityToken = "sensitivity_exceeds_remote_threshold";

std::string_view sensitivity_token(Sensitivity level);  // "low"
std::optional<Sensitivity> parse_sensitivity(std::string_view text);

// The highest level that a tag or a mark names.
Sensitivity sensitivity_of_tags(std::span<const std::string> tags);
Sensitivity sensitivity_of_text(std::string_view text);

// kPrecondition with kSensitivityToken when the request, its system text or a message is marked
// above `max`.
Status check_sensitivity(const Request& request, Sensitivity max);

// `model` behind the gate: each request, streamed or not, is checked before it is passed on. Models
// on this machine are asked as they are.
std::unique_ptr<Model> gated(std::unique_ptr<Model> model, Sensitivity max);

}  // namespace cortex::llm
