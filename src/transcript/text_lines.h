// Formats made of lines of text: each line goes to a reader of the format, what is no text is kept
// as malformed.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "base/text.h"
#include "transcript/emitter.h"
#include "transcript/lines.h"

namespace cortex::transcript {

// Why a line of that many bytes is not kept.
inline std::string too_long_text(std::uint64_t bytes) {
  return cat("the line has ", bytes, " bytes");
}

// `reader.line(text)` for every line that is text, `reader.finish()` at the end; both give a
// Status.
template <class Reader>
Status read_text_lines(const ReadAt& read, Emitter& out, Reader& reader) {
  LineReader lines(read);
  LineReader::Line line;
  for (;;) {
    CORTEX_ASSIGN(const bool more, lines.next(line));
    if (!more) return reader.finish();
    ++out.counts().lines;
    if (line.too_long == 0 && is_valid_utf8(line.text)) {
      CORTEX_TRY(reader.line(line.text));
      continue;
    }
    const Place place{
        .session = {}, .key = numbered_key("line", line.number), .with_content = true};
    if (line.too_long != 0) {
      CORTEX_TRY(out.malformed(place, "", too_long_text(line.too_long)));
    } else {
      CORTEX_TRY(out.malformed(place, line.text, "not UTF-8"));
    }
  }
}

}  // namespace cortex::transcript
