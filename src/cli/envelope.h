// The JSON envelope: one document on stdout whatever happens, once a command was understood
// (docs/formats.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "json/value.h"

namespace cortex::cli {

// "ok", "usage", "integrity_failure", ...
std::string_view outcome_token(Code code);

// "cmd_<unix nanoseconds in hex>_<process id in hex>", lower case.
std::string correlation_id(Clock& clock, long process_id);

// Keys in this order: command, exit_code, outcome, report, policy_outcome (when given),
// correlation_id. Pretty, ending in a newline. `outcome` replaces the token that follows from the
// code. Objects keep the order they were built in.
std::string envelope(std::string_view command, Code code, json::Value report,
                     std::optional<json::Value> policy_outcome, std::string_view correlation_id,
                     std::optional<std::string> outcome = std::nullopt);

}  // namespace cortex::cli
