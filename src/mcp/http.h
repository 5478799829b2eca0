// The Streamable HTTP transport: one endpoint on a loopback address, for revisions with a handshake
// (sessions) and for the stateless one side by side.
#pragma once

#include <string>

#include "base/result.h"
#include "mcp/dispatcher.h"
#include "mcp/http_rules.h"
#include "mcp/streams.h"

namespace cortex::mcp {

// Serves `address` ("127.0.0.1:8717") until a signal comes; what was asked for is finished first.
// Tells the address on stderr. kOk, or the code of what kept it from serving.
Code serve_http(Dispatcher& dispatcher, Scheduler& scheduler, const StopSignal& stop,
                const std::string& address, const Entry& entry, Random& random);

}  // namespace cortex::mcp
