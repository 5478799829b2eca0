// The whole program behind main(): parse, run one command, write its output, choose the exit code.
#pragma once

#include "app/layout.h"
#include "app/serve.h"
#include "app/services.h"

namespace cortex::cli {

// Returns the exit status. Writes to stdout and stderr, and to files only through `services`.
// `server` is what `serve` runs.
int run(int argc, const char* const* argv, app::Services& services,
        const app::Environment& environment, const app::Server& server);

}  // namespace cortex::cli
