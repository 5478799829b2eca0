#include "net/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "base/text.h"

namespace cortex::net {
namespace {

constexpr std::size_t kReadBytes = 64U << 10;
constexpr std::string_view kV4 = "127.0.0.1:", kV6 = "[::1]:";

int millis_until(Deadline deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1'000'000));
}

bool is_transient(int number) { return number == EAGAIN || number == EINTR; }

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

Error refused(const std::string& address, std::string_view why, int number) {
  Error error = make_error(number == 0 ? Code::kUsage : Code::kPrecondition,
                           cat("the address ", quoted(address), " ", why));
  if (number != 0) error.message += cat(": ", std::strerror(number));
  error.unchanged = "nothing was served";
  error.next = "give a loopback address and a port: 127.0.0.1:8717, or [::1]:0 for any port";
  return error;
}

// Binds and listens; the port that it got, or nothing with errno set.
std::optional<std::uint16_t> bind_to(int descriptor, bool v6, std::uint16_t port) {
  const int on = 1;
  if (::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return std::nullopt;
  sockaddr_in v4_address{};
  v4_address.sin_family = AF_INET;
  v4_address.sin_port = htons(port);
  v4_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_in6 v6_address{};
  v6_address.sin6_family = AF_INET6;
  v6_address.sin6_port = htons(port);
  v6_address.sin6_addr = in6addr_loopback;
  const auto* address = v6 ? reinterpret_cast<const sockaddr*>(&v6_address)
                           : reinterpret_cast<const sockaddr*>(&v4_address);
  const socklen_t size = v6 ? sizeof v6_address : sizeof v4_address;
  if (::bind(descriptor, address, size) != 0) return std::nullopt;
  if (::listen(descriptor, SOMAXCONN) != 0) return std::nullopt;
  sockaddr_storage bound{};
  socklen_t bound_size = sizeof bound;
  if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &bound_size) != 0) {
    return std::nullopt;
  }
  return ntohs(v6 ? reinterpret_cast<const sockaddr_in6*>(&bound)->sin6_port
                  : reinterpret_cast<const sockaddr_in*>(&bound)->sin_port);
}

}  // namespace

Socket::~Socket() { ::close(descriptor_); }

Socket::Read Socket::read_some(std::string& buffer, Deadline deadline) {
  std::array<char, kReadBytes> bytes;
  for (;;) {
    const ssize_t n = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (n > 0) {
      buffer.append(bytes.data(), static_cast<std::size_t>(n));
      return Read::kBytes;
    }
    if (n == 0 || !is_transient(errno)) return Read::kEnd;
    pollfd wait{descriptor_, POLLIN, 0};
    const int ready = ::poll(&wait, 1, millis_until(deadline));
    if (ready == 0) return Read::kTime;
    if (ready < 0 && errno != EINTR) return Read::kEnd;
  }
}

bool Socket::write_all(std::string_view text, std::chrono::milliseconds patience) {
  while (!text.empty()) {
    const ssize_t n = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
    if (n > 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
      continue;
    }
    if (n < 0 && !is_transient(errno)) return false;
    pollfd wait{descriptor_, POLLOUT, 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(patience.count()));
    if (ready == 0 || (ready < 0 && errno != EINTR)) return false;
  }
  return true;
}

bool Socket::is_closed_by_peer() const {
  pollfd wait{descriptor_, POLLRDHUP, 0};
  return ::poll(&wait, 1, 0) != 0;
}

void Socket::end_reading() {
  static_cast<void>(::shutdown(descriptor_, SHUT_RD));  // it may be closed by the peer already
}

void Socket::end() { static_cast<void>(::shutdown(descriptor_, SHUT_RDWR)); }  // as above

void Socket::linger() {
  static_cast<void>(::shutdown(descriptor_, SHUT_WR));  // as above
  constexpr std::size_t kBytesMax = 4U << 20;
  const Deadline end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  std::string passed_over;
  for (std::size_t bytes = 0; bytes < kBytesMax;) {
    passed_over.clear();
    if (read_some(passed_over, end) != Read::kBytes) return;
    bytes += passed_over.size();
  }
}

Result<Listener> Listener::open(const std::string& address) {
  const std::string_view text(address);
  const bool v6 = text.starts_with(kV6);
  if (!v6 && !text.starts_with(kV4)) {
    return refused(address, "is no loopback address with a port", 0);
  }
  const auto port = port_of(text.substr(v6 ? kV6.size() : kV4.size()));
  if (!port) return refused(address, "has no port", 0);
  const int descriptor =
      ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return refused(address, "cannot be served", errno);
  if (const auto bound = bind_to(descriptor, v6, *port)) return Listener(descriptor, *bound, v6);
  const int number = errno;
  ::close(descriptor);
  return refused(address, "cannot be served", number);
}

Listener::Listener(Listener&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), port_(other.port_), v6_(other.v6_) {}

Listener::~Listener() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string Listener::address() const { return cat(v6_ ? kV6 : kV4, port_); }

Listener::Event Listener::wait(int stop_descriptor, int& accepted) const {
  std::array<pollfd, 2> waits{{{stop_descriptor, POLLIN, 0}, {descriptor_, POLLIN, 0}}};
  if (::poll(waits.data(), waits.size(), -1) <= 0) return Event::kNothing;
  if (waits[0].revents != 0) return Event::kStop;
  accepted = ::accept4(descriptor_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (accepted < 0) {
    // Out of descriptors: the connection waits in the queue, and so does this thread for a moment.
    if (!is_transient(errno)) static_cast<void>(::poll(waits.data(), 1, 50));
    return Event::kNothing;
  }
  const int on = 1;
  static_cast<void>(
      ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));  // slower without, no more
  return Event::kConnection;
}

}  // namespace cortex::net
