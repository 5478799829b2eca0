#include "ledger/row_cursor.h"

#include "base/limits.h"
#include "base/text.h"

namespace cortex::ledger {

Error row_error(const RowFault& fault, std::uint64_t lines_before) {
  const std::uint64_t line = fault.place.file_line + lines_before;
  Error error = make_error(Code::kChain, "");
  switch (fault.kind) {
    case RowFault::Kind::kUndecodable:
      error.message = cat("ledger line ", line, " (byte ", fault.place.offset,
                          ") is no event row: ", fault.what);
      error.next = "restore the ledger from a backup, or move the line to another file";
      break;
    case RowFault::Kind::kTorn:
      error.token = kTornTailToken;
      error.message = cat("the last ledger line is torn: line ", line, " starts at byte ",
                          fault.place.offset, " and has no end");
      error.next = "see what it holds with `cortex audit repair-tail`";
      break;
    case RowFault::Kind::kNotUtf8:
      error.code = Code::kPrecondition;
      error.token = kNotUtf8Token;
      error.message = cat("ledger line ", line, " is not valid UTF-8");
      error.next = "restore the ledger from a backup";
      break;
    case RowFault::Kind::kTooLong:
      error.message = cat("ledger line ", line, " is ", fault.what);
      error.next = "restore the ledger from a backup";
      break;
  }
  return error;
}

std::string_view entry_of(std::string_view text, std::uint64_t text_offset, const RowPlace& place) {
  std::string_view line = text.substr(place.offset - text_offset, place.end - place.offset);
  if (line.ends_with('\n')) line.remove_suffix(1);
  return line;
}

void RowCursor::restart(std::string_view text, std::uint64_t offset) {
  text_ = text;
  offset_ = offset;
  position_ = 0;
}

bool RowCursor::next_line() {
  if (position_ == text_.size()) return false;
  const std::size_t newline = text_.find('\n', position_);
  line_has_newline_ = newline != std::string_view::npos;
  const std::size_t stop = line_has_newline_ ? newline : text_.size();
  line_ = text_.substr(position_, stop - position_);
  place_.offset = offset_ + position_;
  position_ = stop + (line_has_newline_ ? 1 : 0);
  place_.end = offset_ + position_;
  ++place_.file_line;
  return true;
}

void RowCursor::fail(const json::Cursor& cursor) {
  RowFault& fault = fault_.emplace();
  fault.place = place_;
  fault.what = cursor.failed() ? cursor.fault().text() : "text after the row";
  if (line_.size() >= limits::kRowBytesMax) {
    fault.kind = RowFault::Kind::kTooLong;
    fault.what = cat("longer than ", human_bytes(limits::kRowBytesMax));
  } else if (!line_has_newline_) {
    fault.kind = RowFault::Kind::kTorn;
  } else if (!is_valid_utf8(line_)) {
    fault.kind = RowFault::Kind::kNotUtf8;
  }
}

const core::DecodedEvent* RowCursor::next() {
  if (fault_) return nullptr;
  do {
    if (!next_line()) return nullptr;
    line_ = trim(line_);
  } while (line_.empty());
  ++place_.ordinal;
  json::Cursor cursor(line_);
  if (core::decode_event(cursor, core::Dialect::kLedgerRow, decoded_) && cursor.at_end()) {
    return &decoded_;
  }
  fail(cursor);
  return nullptr;
}

}  // namespace cortex::ledger
