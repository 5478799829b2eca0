#include "mcp/streams.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace cortex::mcp {
namespace {

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {  // a stream that its other end made non-blocking
      pollfd wait{descriptor, POLLOUT, 0};
      if (::poll(&wait, 1, -1) < 0 && errno != EINTR) return false;
      continue;
    }
    if (n < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

StopSignal::StopSignal() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0) {
    descriptor_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  }
}

StopSignal::~StopSignal() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Input read_input(const StopSignal& stop, std::span<char> buffer, std::size_t& size) {
  for (;;) {
    pollfd waits[] = {{STDIN_FILENO, POLLIN, 0}, {stop.descriptor(), POLLIN, 0}};
    if (::poll(waits, 2, -1) < 0) {
      if (errno == EINTR) continue;
      return Input::kEnd;
    }
    if (waits[1].revents != 0) return Input::kStopped;
    const ssize_t n = ::read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) return Input::kEnd;
    size = static_cast<std::size_t>(n);
    return Input::kBytes;
  }
}

bool stdout_is_ready() {
  pollfd wait{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&wait, 1, 0) == 1 && (wait.revents & POLLOUT) != 0;
}

bool write_stdout(std::string_view text) { return write_all(STDOUT_FILENO, text); }

void write_stderr(std::string_view text) {
  static_cast<void>(write_all(STDERR_FILENO, text));  // nowhere left to report to
}

void leave(int status) { ::_exit(status); }

}  // namespace cortex::mcp
