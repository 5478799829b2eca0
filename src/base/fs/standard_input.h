// Standard input, for short secrets and documents that are piped in.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace cortex::fs {

// Everything up to the end of standard input. kPrecondition when that is more than `bytes_max`,
// kInternal with errno when it cannot be read.
Result<std::string> read_standard_input(std::size_t bytes_max);

}  // namespace cortex::fs
