// Bytes of a stream into lines. Memory: the longest line, at most kMessageBytesMax; what is longer
// is passed over and reported, and the next line is read as usual.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace cortex::mcp {

class FrameReader {
 public:
  enum class Kind { kLine, kTooLong };
  // Line without its end; a carriage return before the line feed is taken off. Empty lines are
  // passed over. False ends the reading.
  using OnFrame = std::function<bool(Kind kind, std::string_view line)>;

  FrameReader(std::size_t line_bytes_max, OnFrame on_frame);

  // False when `on_frame` ended the reading.
  bool feed(std::string_view bytes);
  // The stream has ended; a last line without an end is one too.
  bool finish();

 private:
  bool emit(std::string_view line);

  std::size_t line_bytes_max_;
  OnFrame on_frame_;
  std::string held_;  // the start of a line
  bool too_long_ = false;
};

}  // namespace cortex::mcp
