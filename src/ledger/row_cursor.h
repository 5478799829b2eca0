// Rows of a stretch of ledger text that begins at a line border and ends at one (or at the end of
// the ledger).
//
// Rows are split on '\n' only and trimmed of white space; blank lines are skipped, CR LF and a
// missing final newline are accepted (docs/formats.md, 6.1). A line that does not decode ends the
// walk with a RowFault: the ledger is then unreadable as a whole. Places count from the start of
// the stretch, so that stretches can be read in parallel; offsets are those of the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "core/event_codec.h"

namespace cortex::ledger {

struct RowPlace {
  std::uint64_t ordinal = 0;    // 1-based among non-blank rows
  std::uint64_t file_line = 0;  // 1-based among all lines
  std::uint64_t offset = 0;     // of the first byte of the line
  std::uint64_t end = 0;        // first byte after the line and its newline
};

// The line of `place` without its newline and with all its white space: what is hashed as an entry
// of the Merkle tree. `text` begins at `text_offset` of the file and holds the line.
std::string_view entry_of(std::string_view text, std::uint64_t text_offset, const RowPlace& place);

// Why a line is no row.
struct RowFault {
  enum class Kind : std::uint8_t {
    kUndecodable,
    kTorn,  // the last line, without a newline: what a crash in the middle of an append leaves
    kNotUtf8,
    kTooLong,
  };
  Kind kind = Kind::kUndecodable;
  RowPlace place;
  std::string what;  // where in the line and why
};

inline constexpr std::string_view kTornTailToken = "ledger.torn_tail";
inline constexpr std::string_view kNotUtf8Token = "ledger.not_utf8";

// kChain, or kPrecondition for ill-formed UTF-8. `lines_before` is added to the fault's line.
Error row_error(const RowFault& fault, std::uint64_t lines_before = 0);

class RowCursor {
 public:
  // `text` must outlive the cursor and what it hands out; `offset` is its place in the file.
  RowCursor(std::string_view text, std::uint64_t offset) : text_(text), offset_(offset) {}

  // The next row, or nullptr at the end or at a fault. Valid until the next call.
  const core::DecodedEvent* next();
  const RowPlace& place() const { return place_; }
  std::string_view line() const { return line_; }
  const std::optional<RowFault>& fault() const { return fault_; }
  // Starts over on another stretch, keeping buffers. Places go on counting.
  void restart(std::string_view text, std::uint64_t offset);

 private:
  bool next_line();
  void fail(const json::Cursor& cursor);

  std::string_view text_;
  std::uint64_t offset_;
  std::size_t position_ = 0;  // of the next line in text_
  std::string_view line_;
  bool line_has_newline_ = false;
  RowPlace place_;
  core::DecodedEvent decoded_;
  std::optional<RowFault> fault_;
};

}  // namespace cortex::ledger
