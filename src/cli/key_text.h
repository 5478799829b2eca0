// Secret keys given as text.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "cli/parse.h"

namespace cortex::cli {

// The value of --signing-key-b64: from the flag, or from standard input for "-". Whoever uses it
// wipes it.
Result<std::optional<std::string>> signing_key_text(const Invocation& flags);

}  // namespace cortex::cli
