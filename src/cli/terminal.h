// What the standard streams are, and writing to them without surprises.
//
// The process must ignore SIGPIPE (ignore_write_signals()) before writing. A reader that went away
// is the reader's choice and no error; a full disk behind a redirected stdout is one, and is
// reported. So is a file that may not grow further: SIGXFSZ (`ulimit -f`) would end the process
// without a word.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "cli/help.h"

namespace cortex::cli {

struct Terminal {
  bool stdout_is_tty = false;
  bool stderr_is_tty = false;
  bool colour_allowed = true;  // false when NO_COLOR is set and not empty, or TERM is "dumb"
  int width = 80;              // columns of the terminal, else 80

  // Of help: a narrow terminal's, and as many as there may be behind a pipe.
  std::size_t help_columns() const {
    return stdout_is_tty ? std::min(static_cast<std::size_t>(width), kHelpColumnsMax)
                         : kHelpColumnsMax;
  }
  bool colour_on_stdout() const { return stdout_is_tty && colour_allowed; }
};

Terminal detect_terminal(const std::map<std::string, std::string>& environment);

void ignore_write_signals();

// Writes all of it. True when it was written or the reader has gone away. False when stdout could
// not take it: the reason is then already on stderr, and the caller exits with Code::kInternal.
bool write_stdout(std::string_view text);
// True when stdout is a pipe or a terminal that nobody reads any more.
bool reader_has_gone();
// Best effort: there is nowhere left to report to.
void write_stderr(std::string_view text);

enum class WriteOutcome { kWritten, kReaderGone, kFailed };
// The loop behind both, on any file descriptor; `error_number` is set when it failed.
WriteOutcome write_fully(int file_descriptor, std::string_view text, int& error_number);

}  // namespace cortex::cli
