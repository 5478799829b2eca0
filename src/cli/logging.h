// The two diagnostic lines of a run on stderr, for people who set RUST_LOG. Never coloured, never a
// secret: no argument and no path is in them. Pure functions; the caller writes the text.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace cortex::cli {

// True when the filter (the value of RUST_LOG, "" when unset) asks for level info or finer for the
// whole program: a directive without a target, such as "info" in "hyper=warn,info". The last such
// directive counts.
bool logs_info(std::string_view filter);

// `command` is the first word typed ("audit"), or "print_config". Both end in a newline.
std::string started_line(Timestamp now, std::string_view correlation_id, std::string_view command);
std::string completed_line(Timestamp now, std::string_view correlation_id, std::string_view command,
                           Code code);

}  // namespace cortex::cli
