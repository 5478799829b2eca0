// Values of flags that are numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/parse.h"

namespace cortex::cli {

// kUsage when the flag was given with something else.
Result<double> number_flag(const Invocation& flags, std::string_view name, double otherwise);
Result<std::optional<std::uint64_t>> count_flag(const Invocation& flags, std::string_view name);
// With a sign, too.
Result<std::int64_t> integer_flag(const Invocation& flags, std::string_view name,
                                  std::int64_t otherwise);

// 0.5 as "0.5", 1.0 as "1", 1e10 as "10000000000": never with an exponent.
std::string shortest(double number);

}  // namespace cortex::cli
