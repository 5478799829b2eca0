// The methods that are answered from tables, without a store: who the server is and what it has.
#pragma once

#include <string_view>

#include "json/value.h"
#include "mcp/protocol.h"
#include "mcp/tool.h"

namespace cortex::mcp {

// Results without what the stateless revision adds; see finished().
json::Object initialize_result(const Revision& revision);
json::Object discover_result();
json::Object tools_result(const Host& host);

// The result as `revision` wants it: the stateless one adds resultType and the server's identity,
// and for lists how long they hold.
enum class Cache { kNone, kNow, kList };  // not at all; until the next change; for an hour
json::Object finished(json::Object result, const Revision& revision, Cache cache = Cache::kNone);

json::Object server_info();
// The revisions that a request may name in its `_meta`.
json::Array stateless_names();

}  // namespace cortex::mcp
