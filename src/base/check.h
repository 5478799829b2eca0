// Checks on our own state. None of them is for user input, file content or the operating system:
// those are Results.
#pragma once

namespace cortex {
// Prints file, line and the condition to stderr and aborts. Never returns.
[[noreturn]] void check_failed(const char* file, int line, const char* condition) noexcept;
}  // namespace cortex

// Always on, cheap: a false condition means that our own state is corrupt, and writing more would
// make it worse.
#define CORTEX_CHECK(condition)                                               \
  do {                                                                        \
    if (!(condition)) ::cortex::check_failed(__FILE__, __LINE__, #condition); \
  } while (false)

#define CORTEX_UNREACHABLE() ::cortex::check_failed(__FILE__, __LINE__, "unreachable code")
