#include "ledger/row_stream.h"

#include <algorithm>

#include "base/limits.h"
#include "base/text.h"

namespace cortex::ledger {

Status RowStream::fill() {
  buffer_.erase(0, position_);
  position_ = 0;
  const std::size_t old_size = buffer_.size();
  if (old_size > limits::kRowBytesMax) {
    return make_error(Code::kChain, cat("ledger line ", place_.file_line + 1, " is longer than ",
                                        human_bytes(limits::kRowBytesMax)));
  }
  const auto wanted =
      static_cast<std::size_t>(std::min<std::uint64_t>(limits::kIoBlockBytes, end_ - next_offset_));
  buffer_.resize(old_size + wanted);
  CORTEX_ASSIGN(const std::size_t got,
                file_.read_at(next_offset_, std::span<char>(buffer_.data() + old_size, wanted)));
  buffer_.resize(old_size + got);
  next_offset_ += got;
  if (got < wanted) end_ = next_offset_;  // the file is shorter than it was said to be
  if (on_block && got > 0) CORTEX_TRY(on_block(std::string_view(buffer_).substr(old_size)));
  return {};
}

Result<bool> RowStream::next_line() {
  std::size_t searched = 0;
  for (;;) {
    const std::size_t newline = buffer_.find('\n', position_ + searched);
    if (newline == std::string::npos && next_offset_ < end_) {
      searched = buffer_.size() - position_;
      CORTEX_TRY(fill());
      continue;
    }
    if (newline == std::string::npos && position_ == buffer_.size()) return false;
    const std::uint64_t buffer_offset = next_offset_ - buffer_.size();
    const std::size_t stop = newline == std::string::npos ? buffer_.size() : newline;
    line_ = std::string_view(buffer_).substr(position_, stop - position_);
    line_has_newline_ = newline != std::string::npos;
    place_.offset = buffer_offset + position_;
    position_ = stop + (line_has_newline_ ? 1 : 0);
    place_.end = buffer_offset + position_;
    ++place_.file_line;
    return true;
  }
}

Result<const core::DecodedEvent*> RowStream::next() {
  for (;;) {
    CORTEX_ASSIGN(const bool more, next_line());
    if (!more) return nullptr;
    line_ = trim(line_);
    if (!line_.empty()) break;
  }
  ++place_.ordinal;
  json::Cursor cursor(line_);
  const bool good = core::decode_event(cursor, core::Dialect::kLedgerRow, decoded_);
  if (good && cursor.at_end()) return &decoded_;
  if (cursor.failed() && cursor.fault().kind == json::FaultKind::kUtf8 && !is_valid_utf8(line_)) {
    return make_error(Code::kPrecondition,
                      cat("ledger line ", place_.file_line, " is not valid UTF-8"));
  }
  torn_tail_ = !line_has_newline_;
  Error error = make_error(
      Code::kChain,
      cat("ledger line ", place_.file_line, " (byte ", place_.offset,
          ") is no event row: ", cursor.failed() ? cursor.fault().text() : "text after the row"));
  if (torn_tail_) {
    error.token = "ledger.torn_tail";
    error.message =
        cat("the last ledger line is torn: it starts at byte ", place_.offset, " and has no end");
    error.next = "run `cortex audit repair-tail` to see what it holds";
  }
  return error;
}

}  // namespace cortex::ledger
