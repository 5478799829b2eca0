// An open file of the operating system. Made by posix() only.
#pragma once

#include <cerrno>
#include <memory>
#include <string>

#include "base/fs/fs.h"

struct stat;  // NOLINT(readability-identifier-naming): the name of POSIX

namespace cortex::fs {

// Takes ownership of `descriptor`.
std::unique_ptr<File> make_posix_file(int descriptor, std::string path);
Info info_of(const struct ::stat& s);

// Calls `call` until it does something else than being interrupted by a signal.
template <class Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

}  // namespace cortex::fs
