// The version of the program, stated once by project() in the top-level CMakeLists.txt.
#pragma once

#include <string_view>

namespace cortex {
std::string_view version();  // "0.2.0"
}  // namespace cortex
