// The result of tools/call: structured content, the same as text, and never longer than the
// budget.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "json/value.h"
#include "mcp/tool.h"

namespace cortex::mcp {

// 25,000 tokens of about four bytes: what clients cut off or refuse lies above.
inline constexpr std::size_t kReplyBytesMax = std::size_t{25'000} * 4;

// Cuts the array tool.list from its end until the compact text fits, and says so in `truncated`
// and `omitted`. Errors: kPrecondition "size_limit_exceeded" when it does not fit even so.
Status fit(const Tool& tool, json::Object& object, std::size_t bytes_max = kReplyBytesMax);

// `object` with its members sorted.
json::Object tool_result(json::Object object);
// A refusal as a result, for revisions in which models should see it.
json::Object tool_refusal(const Error& error);

}  // namespace cortex::mcp
