// What commands about external evidence take from the environment.
#pragma once

#include <string>

#include "cli/context.h"

namespace cortex::cli {

// The cache of the trusted root: in the default data folder, whatever --db says.
std::string trusted_root_path(const Context& context);
// CORTEX_OTS_LIVE=1: timestamp services may be reached.
bool timestamps_live(const Context& context);

}  // namespace cortex::cli
