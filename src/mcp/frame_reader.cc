#include "mcp/frame_reader.h"

#include <utility>

namespace cortex::mcp {

FrameReader::FrameReader(std::size_t line_bytes_max, OnFrame on_frame)
    : line_bytes_max_(line_bytes_max), on_frame_(std::move(on_frame)) {}

bool FrameReader::emit(std::string_view line) {
  if (std::exchange(too_long_, false) || line.size() > line_bytes_max_) {
    return on_frame_(Kind::kTooLong, {});
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line.empty() || on_frame_(Kind::kLine, line);
}

bool FrameReader::feed(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    if (end == std::string_view::npos) {
      if (too_long_ || held_.size() + part.size() > line_bytes_max_) {
        too_long_ = true;
        held_ = {};
      } else {
        held_ += part;
      }
      return true;
    }
    bytes.remove_prefix(end + 1);
    if (held_.empty()) {
      if (!emit(part)) return false;
      continue;
    }
    held_ += part;
    const std::string line = std::exchange(held_, {});
    if (!emit(line)) return false;
  }
  return true;
}

bool FrameReader::finish() {
  const std::string line = std::exchange(held_, {});
  return emit(line);
}

}  // namespace cortex::mcp
