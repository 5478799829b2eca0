#include "cli/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "base/text.h"

namespace cortex::cli {
namespace {

std::string_view variable(const std::map<std::string, std::string>& environment,
                          const std::string& name) {
  const auto entry = environment.find(name);
  return entry == environment.end() ? std::string_view{} : std::string_view(entry->second);
}

}  // namespace

Terminal detect_terminal(const std::map<std::string, std::string>& environment) {
  Terminal terminal;
  terminal.stdout_is_tty = ::isatty(STDOUT_FILENO) == 1;
  terminal.stderr_is_tty = ::isatty(STDERR_FILENO) == 1;
  terminal.colour_allowed =
      variable(environment, "NO_COLOR").empty() && variable(environment, "TERM") != "dumb";
  winsize size{};
  const int descriptor = terminal.stdout_is_tty ? STDOUT_FILENO : STDERR_FILENO;
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) terminal.width = size.ws_col;
  return terminal;
}

void ignore_write_signals() {
  for (const int number : {SIGPIPE, SIGXFSZ}) std::signal(number, SIG_IGN);
}

WriteOutcome write_fully(int file_descriptor, std::string_view text, int& error_number) {
  while (!text.empty()) {
    const ssize_t written = ::write(file_descriptor, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EPIPE) {
      return WriteOutcome::kReaderGone;
    } else if (errno != EINTR) {
      error_number = errno;
      return WriteOutcome::kFailed;
    }
  }
  return WriteOutcome::kWritten;
}

bool reader_has_gone() {
  pollfd stdout_poll{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&stdout_poll, 1, 0) > 0 && (stdout_poll.revents & (POLLERR | POLLHUP)) != 0;
}

bool write_stdout(std::string_view text) {
  int error_number = 0;
  if (write_fully(STDOUT_FILENO, text, error_number) != WriteOutcome::kFailed) return true;
  write_stderr(
      cat("cortex: stdout could not be written: ", std::generic_category().message(error_number),
          ". What the command did stays done; only its output is incomplete. "
          "Free space or choose another place for the output, and read the state "
          "with `cortex status`.\n"));
  return false;
}

void write_stderr(std::string_view text) {
  int error_number = 0;
  static_cast<void>(write_fully(STDERR_FILENO, text, error_number));
}

}  // namespace cortex::cli
