// Test tools: a text in the place of a file.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "transcript/lines.h"

namespace cortex::transcript {

// `text` must outlive it.
inline ReadAt reader_of(std::string_view text) {
  return [text](std::uint64_t offset, std::span<char> out) -> Result<std::size_t> {
    return text.substr(std::min<std::uint64_t>(offset, text.size())).copy(out.data(), out.size());
  };
}

}  // namespace cortex::transcript
