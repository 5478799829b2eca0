// A small HTTP/1.1 server for one machine: requests with bounded heads and bodies, answers as a
// whole or as a stream of server-sent events. It listens on a loopback address and on no other.
//
// A thread a connection, `connections_max` at most; 16 further ones are told that the server is
// full, those beyond are closed at once. Every wait has an end, so a client that sends or reads
// slowly holds no more than its own connection. Bodies are read after the head was let in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_head.h"

namespace cortex::net {

struct HttpHeader {
  std::string_view name;
  std::string value;
};

struct HttpAnswer {
  int status = 200;
  std::string body{};
  std::string_view type = "application/json";
  std::vector<HttpHeader> headers{};
};

// The connection that a request came on, for the thread that answers it.
class HttpConnection {
 public:
  virtual ~HttpConnection() = default;
  // Exactly one of these, once. False: the client is gone.
  virtual bool answer(const HttpAnswer& answer) = 0;
  virtual bool start_events(std::span<const HttpHeader> headers) = 0;
  // Behind start_events(): `text` as the data of one event, or a comment that keeps the line open.
  virtual bool send_event(std::string_view text) = 0;
  virtual bool send_comment() = 0;
  virtual bool is_gone() = 0;            // the client has hung up; does not wait
  virtual bool is_stopping() const = 0;  // the server ends: streams should
};

struct HttpHandler {
  // Looks at a head before its body is read. An answer: refused, and the connection is closed.
  std::function<std::optional<HttpAnswer>(const HttpHead& head)> admit;
  std::function<void(const HttpHead& head, std::string body, HttpConnection& connection)> handle;
};

struct HttpLimits {
  std::size_t connections_max = 128;
  std::size_t body_bytes_max = 64U << 20;
  std::chrono::milliseconds head_time{10'000};  // from its first byte
  std::chrono::milliseconds body_time{60'000};
  std::chrono::milliseconds idle_time{120'000};  // between two requests
  std::chrono::milliseconds write_time{30'000};  // while the client takes nothing
};

class HttpServer {
 public:
  // `address`: "127.0.0.1:8080" or "[::1]:0" (any port). Errors: kUsage for another address,
  // kPrecondition when it is taken.
  static Result<std::unique_ptr<HttpServer>> listen(const std::string& address, HttpHandler handler,
                                                    const HttpLimits& limits);
  virtual ~HttpServer() = default;

  virtual std::uint16_t port() const = 0;
  virtual std::string url() const = 0;  // "http" + address, without a path
  // Takes connections until `stop_descriptor` is readable. Then nothing new is taken, idle
  // connections are closed, and requests that run are waited for, `drain` at most. True: all ended.
  virtual bool serve(int stop_descriptor, std::chrono::milliseconds drain) = 0;
};

}  // namespace cortex::net
