// The whole program behind main(): parse, run one command, write its output, choose the exit code.
#pragma once

#include "app/layout.h"
#include "app/services.h"

namespace cortex::cli {

// Returns the exit status. Writes to stdout and stderr, and to files only through `services`.
int run(int argc, const char* const* argv, app::Services& services,
        const app::Environment& environment);

}  // namespace cortex::cli
