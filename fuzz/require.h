// The entry that every fuzzer defines, and what it demands of the code under test. A demand that
// does not hold ends the process with its place, which libFuzzer and the replay of the seeds both
// report.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <source_location>
#include <string_view>

#include "base/text.h"

// Called by libFuzzer and by replay_main.cc with one input; always returns 0.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace cortex::fuzz {

inline void require(bool holds, std::source_location at = std::source_location::current()) {
  if (holds) return;
  std::fprintf(stderr, "%s:%u: a property does not hold\n", at.file_name(), at.line());
  std::abort();
}

// Safe to show on a terminal: UTF-8 without control characters, line ends apart.
inline bool is_printable(std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n') || byte == 0x7F) return false;
  }
  return is_valid_utf8(text);
}

}  // namespace cortex::fuzz
