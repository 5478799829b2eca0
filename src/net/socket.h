// A connected TCP socket that never waits without an end.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cortex::net {

using Deadline = std::chrono::steady_clock::time_point;

class Socket {
 public:
  explicit Socket(int descriptor) : descriptor_(descriptor) {}  // owns it
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  enum class Read { kBytes, kEnd, kTime };
  // Appends what is there, waiting for it until `deadline`.
  Read read_some(std::string& buffer, Deadline deadline);
  // All of it. False when the other side is gone or takes nothing for `patience`.
  bool write_all(std::string_view text, std::chrono::milliseconds patience);
  bool is_closed_by_peer() const;  // it will send no more; does not wait
  void end_reading();              // wakes a thread that waits in read_some(); for any thread
  void end();                      // of both directions: the other side sees it at once
  // Says that nothing more is written, and reads what the other side still sends, so that it sees
  // the last answer. A second at most.
  void linger();

 private:
  int descriptor_;
};

// A socket that takes connections on a loopback address.
class Listener {
 public:
  // "127.0.0.1:8080", "[::1]:0". Errors: kUsage (another address, no port), kPrecondition (taken).
  static Result<Listener> open(const std::string& address);
  ~Listener();
  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&&) = delete;

  std::uint16_t port() const { return port_; }
  std::string address() const;  // "127.0.0.1:8080"

  enum class Event { kConnection, kStop, kNothing };
  // Waits for a connection, whose descriptor it puts into `accepted`, or for `stop_descriptor`.
  Event wait(int stop_descriptor, int& accepted) const;

 private:
  Listener(int descriptor, std::uint16_t port, bool v6)
      : descriptor_(descriptor), port_(port), v6_(v6) {}
  int descriptor_;
  std::uint16_t port_;
  bool v6_;
};

}  // namespace cortex::net
