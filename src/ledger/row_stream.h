// Streams the rows of a ledger file from a byte offset, in constant memory (one I/O block plus the
// longest row).
//
// Rows are split on '\n' only, trimmed of white space; blank lines are skipped, CR LF and a missing
// final newline are accepted. A line that does not decode ends the stream with code kChain,
// ill-formed UTF-8 with kPrecondition: the file is then unreadable as a whole. A partial last line
// ("torn tail") is reported like an undecodable line, with `torn_tail` set.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/fs/fs.h"
#include "base/result.h"
#include "core/event_codec.h"

namespace cortex::ledger {

struct RowPlace {
  std::uint64_t ordinal = 0;    // 1-based among non-blank rows read by this stream
  std::uint64_t file_line = 0;  // 1-based among lines read by this stream
  std::uint64_t offset = 0;     // of the first byte of the line
  std::uint64_t end = 0;        // first byte after the line and its newline
};

class RowStream {
 public:
  // Reads [offset, end); `end` is fixed by the caller so that a growing file gives one consistent
  // prefix.
  RowStream(fs::File& file, std::uint64_t offset, std::uint64_t end)
      : file_(file), next_offset_(offset), end_(end) {}

  // Called with every block before its rows are looked at: copy and hash without a second read.
  std::function<Status(std::string_view)> on_block;

  // The next row, or nullopt at the end. Views in the result are valid until the next call.
  Result<const core::DecodedEvent*> next();  // nullptr at the end
  const RowPlace& place() const { return place_; }
  std::string_view line() const { return line_; }
  bool torn_tail() const { return torn_tail_; }

 private:
  Result<bool> next_line();
  Status fill();

  fs::File& file_;
  std::uint64_t next_offset_;  // of the next byte to read from the file
  std::uint64_t end_;
  std::string buffer_;
  std::size_t position_ = 0;  // of the next line in buffer_
  std::string_view line_;
  bool line_has_newline_ = false;
  bool torn_tail_ = false;
  RowPlace place_;
  core::DecodedEvent decoded_;
};

}  // namespace cortex::ledger
