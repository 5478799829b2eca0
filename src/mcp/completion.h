// completion/complete: ids for the addresses of resources.
#pragma once

#include "base/result.h"
#include "json/value.h"
#include "mcp/tool.h"

namespace cortex::mcp {

// What cannot be completed gets an empty list. kUsage when `ref` or `argument` is missing.
Result<json::Object> complete(const Host& host, const json::Object& params);

}  // namespace cortex::mcp
