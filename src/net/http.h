// HTTP as the program needs it: one request, one bounded answer. The only way to the network.
//
// A request goes to the host that its URL names and to no other: redirects are not followed, no
// proxy is taken from the environment, and only http and https are spoken. Nothing is retried. An
// answer with any status is an answer; an Error (Code::kPrecondition) means that there was none:
// the token says why. Users of this room are the use cases, which get it as a parameter.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cortex::net {

inline constexpr std::string_view kTimeoutToken = "net.http.timeout";
inline constexpr std::string_view kTooLargeToken = "net.http.answer_too_large";
inline constexpr std::string_view kUnreachableToken = "net.http.unreachable";
inline constexpr std::string_view kUrlToken = "net.http.url_refused";
inline constexpr std::string_view kNoLibraryToken = "net.http.library_missing";

struct Request {
  std::string method{"GET"};  // GET or POST
  std::string url{};
  std::vector<std::string> headers{};  // "Name: value"
  std::string body{};
  int timeout_seconds = 30;  // for the whole exchange, name look-up included
  std::size_t answer_bytes_max = 1U << 20;
};

struct Answer {
  int status = 0;
  std::string body;
};

class Http {
 public:
  virtual ~Http() = default;
  virtual Result<Answer> send(const Request& request) = 0;
};

// Through libcurl, which is loaded by the first request and not before. Stateless; safe for all
// threads.
Http& system_http();

// "https://host/a" and "b" make "https://host/a/b", whatever slashes stand between.
std::string join_url(std::string_view base, std::string_view path);
// The host of a URL in lower case, without user, port and path; "" when there is no scheme or host.
std::string url_host(std::string_view url);

}  // namespace cortex::net
