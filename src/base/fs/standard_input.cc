#include "base/fs/standard_input.h"

#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/fs/errors.h"
#include "base/text.h"

namespace cortex::fs {

Result<std::string> read_standard_input(std::size_t bytes_max) {
  std::string out;
  std::array<char, 4096> block;
  for (;;) {
    const ssize_t got = ::read(STDIN_FILENO, block.data(), block.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error("read", "standard input", errno);
    if (got == 0) return out;
    out.append(block.data(), static_cast<std::size_t>(got));
    if (out.size() > bytes_max) {
      return make_error(Code::kPrecondition, cat("standard input holds more than ",
                                                 with_thousands(bytes_max), " bytes"));
    }
  }
}

}  // namespace cortex::fs
