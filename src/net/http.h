// HTTP as the program needs it: one request, one bounded answer. The only way to the network.
//
// A request goes to the host that its URL names and to no other: redirects are not followed, of
// proxies only the one that was named for Cortex is used (ProxiedHttp), and only http and https are
// spoken. Nothing is retried here:
// retry.h does that. An answer with any status is an answer; an Error (Code::kPrecondition) means
// that there was none: the token says why. Messages show neither headers nor the user part of a
// URL, so no key is told. Users of this room are the use cases and the adapters of models, which
// get it as a parameter.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cortex::net {

inline constexpr std::string_view kTimeoutToken = "net.http.timeout";
inline constexpr std::string_view kTooLargeToken = "net.http.answer_too_large";
inline constexpr std::string_view kUnreachableToken = "net.http.unreachable";
inline constexpr std::string_view kUrlToken = "net.http.url_refused";
inline constexpr std::string_view kStoppedToken = "net.http.stopped";
inline constexpr std::string_view kNoLibraryToken = "net.http.library_missing";

struct Request {
  std::string method{"GET"};  // GET or POST
  std::string url{};
  std::vector<std::string> headers{};  // "Name: value"
  std::string body{};
  int timeout_millis = 30'000;  // for the whole exchange, name look-up included
  int connect_millis = 10'000;  // of it, until the connection stands
  std::size_t answer_bytes_max = 1U << 20;
  // The address of a proxy, "http://host:port": the exchange goes through it. Empty: it does not.
  std::string proxy{};
  // Sees each piece of the body of an answer with status 200 as it comes in, beside Answer::body.
  // False ends the exchange: kStoppedToken.
  std::function<bool(std::string_view)> on_piece{};
  // Ends the exchange within about a second, whatever it waits for: kStoppedToken.
  std::stop_token stop{};
};

struct Answer {
  int status = 0;
  std::string body{};
  std::optional<int> retry_after_seconds{};  // what the server asks for
};

class Http {
 public:
  virtual ~Http() = default;
  virtual Result<Answer> send(const Request& request) = 0;
  // What ends every exchange, whatever its request says: for who waits between two of them.
  virtual std::stop_token stop() const { return {}; }
};

// Every exchange ends when the token says so.
class StoppableHttp final : public Http {
 public:
  // `inner` must live as long as this.
  StoppableHttp(Http& inner, std::stop_token stop) : inner_(inner), stop_(std::move(stop)) {}
  Result<Answer> send(const Request& request) override {
    Request stoppable = request;
    stoppable.stop = stop_;
    return inner_.send(stoppable);
  }
  std::stop_token stop() const override { return stop_; }

 private:
  Http& inner_;
  std::stop_token stop_;
};

// Every exchange goes through a proxy, but those with this machine.
class ProxiedHttp final : public Http {
 public:
  // `inner` must live as long as this. `proxy`: empty for none.
  ProxiedHttp(Http& inner, std::string proxy) : inner_(inner), proxy_(std::move(proxy)) {}
  Result<Answer> send(const Request& request) override;
  std::stop_token stop() const override { return inner_.stop(); }

 private:
  Http& inner_;
  std::string proxy_;
};

// Through libcurl, which is loaded by the first request and not before. Stateless; safe for all
// threads.
Http& system_http();

// "https://host/a" and "b" make "https://host/a/b", whatever slashes stand between.
std::string join_url(std::string_view base, std::string_view path);
// The host of a URL in lower case, without user, port and path; "" when there is no scheme or host.
std::string url_host(std::string_view url);
// True for http(s) URLs without user whose host is `localhost`, an address in 127/8 or ::1.
bool is_loopback_url(std::string_view url);
// The URL for messages: what stands before an `@` in its authority is not shown.
std::string shown_url(std::string_view url);

}  // namespace cortex::net
