// Prompts that clients offer to people: the start and the end of a session, and a review.
#pragma once

#include <string_view>
#include <variant>

#include "base/result.h"
#include "json/value.h"
#include "mcp/tool.h"

namespace cortex::mcp {

// The result of prompts/list.
json::Object prompts_result();

// The result of prompts/get. kUsage for a prompt that is none, or an argument that is missing.
Result<json::Object> get_prompt(const Host& host, const Client& client, std::string_view name,
                                const json::Object& arguments);

}  // namespace cortex::mcp
