#include "transcript/lines.h"

#include "base/limits.h"

namespace cortex::transcript {

Status LineReader::fill() {
  window_.erase(0, begin_);
  begin_ = 0;
  const std::size_t kept = window_.size();
  // Twice as much each time, so that a line of any size is searched O(log) times.
  const std::size_t wanted = std::max(limits::kIoBlockBytes, kept);
  window_.resize(kept + wanted);
  auto got = read_(offset_, std::span<char>(window_.data() + kept, wanted));
  if (!got.ok()) return std::move(got).error();
  window_.resize(kept + *got);
  offset_ += *got;
  at_end_ = *got < wanted;
  return {};
}

Result<bool> LineReader::next(Line& line) {
  std::size_t searched = begin_;
  std::uint64_t dropped = 0;
  for (;;) {
    const std::size_t end = window_.find('\n', searched);
    const bool last = end == std::string::npos && at_end_;
    if (end != std::string::npos || last) {
      const std::size_t stop = last ? window_.size() : end;
      if (last && stop == begin_ && dropped == 0) return false;
      line.text = std::string_view(window_).substr(begin_, stop - begin_);
      if (line.text.ends_with('\r')) line.text.remove_suffix(1);
      line.number = ++number_;
      const std::uint64_t length = dropped + (stop - begin_);
      line.too_long = length > kLineBytesMax ? length : 0;
      if (line.too_long != 0) line.text = line.text.substr(0, kLineBytesMax);
      begin_ = last ? stop : stop + 1;
      return true;
    }
    if (window_.size() - begin_ > kLineBytesMax) {
      dropped += window_.size() - begin_;
      begin_ = window_.size();
    }
    searched = window_.size() - begin_;
    CORTEX_TRY(fill());
  }
}

}  // namespace cortex::transcript
