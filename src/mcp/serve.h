// `cortex serve`: a server from a request, with its start-up rules (docs/mcp.md).
#pragma once

#include "app/serve.h"
#include "app/services.h"
#include "base/result.h"

namespace cortex::mcp {

// Serves until the client leaves or a signal comes. What went wrong is on stderr; the code is the
// exit. stdout carries protocol only.
Code serve(app::Services& services, const app::ServeRequest& request);

}  // namespace cortex::mcp
