#include "base/check.h"

#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace cortex {
namespace {

// No allocation and no stdio: the state of the process is not to be trusted any more.
void say(const char* text, std::size_t size) noexcept {
  while (size > 0) {
    const ssize_t n = ::write(STDERR_FILENO, text, size);
    if (n <= 0) return;
    text += n;
    size -= static_cast<std::size_t>(n);
  }
}

void say(const char* text) noexcept { say(text, std::strlen(text)); }

}  // namespace

void check_failed(const char* file, int line, const char* condition) noexcept {
  char number[16];
  const char* end = std::to_chars(number, number + sizeof number, line).ptr;
  say("internal check failed at ");
  say(file);
  say(":");
  say(number, static_cast<std::size_t>(end - number));
  say(": ");
  say(condition);
  say("; stopped before anything more was written\n");
  std::abort();
}

}  // namespace cortex
