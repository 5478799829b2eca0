// Lines of a file of any size, one at a time, in constant memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "transcript/turn.h"

namespace cortex::transcript {

class LineReader {
 public:
  explicit LineReader(const ReadAt& read) : read_(read) {}

  struct Line {
    std::string_view text;       // without its end; valid until the next call
    std::uint64_t number = 0;    // from 1
    std::uint64_t too_long = 0;  // its bytes, when it is longer than kLineBytesMax: `text` is cut
  };
  static constexpr std::size_t kLineBytesMax = 64U << 20;

  // False at the end. A last line without an end counts; "\r\n" ends a line too.
  Result<bool> next(Line& line);

 private:
  Status fill();

  const ReadAt& read_;
  std::string window_;
  std::size_t begin_ = 0;  // of the next line in the window
  std::uint64_t offset_ = 0, number_ = 0;
  bool at_end_ = false;
};

}  // namespace cortex::transcript
