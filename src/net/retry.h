// Asking again when a server says that it cannot answer now. For requests that change nothing.
#pragma once

#include <stop_token>

#include "base/result.h"
#include "net/http.h"

namespace cortex::net {

// Where time is spent between attempts; a seam, so that tests need not wait.
class Pauses {
 public:
  virtual ~Pauses() = default;
  // Returns at once when the token says so.
  virtual void pause(int millis, const std::stop_token& stop) = 0;
};
Pauses& system_pauses();  // stateless, safe for all threads

struct Patience {
  int attempts = 3;
  int first_pause_millis = 400;  // doubled from one attempt to the next
  int pause_millis_max = 5'000;  // also when the server asks for more
};

// Sends up to `attempts` times while the status is 429 or from 500 on, and returns the last answer.
// A request that got no answer is not sent again: the server may be working on it. Whoever calls
// the exchange off, by the request or by the Http, ends the pauses too: kStoppedToken.
Result<Answer> send_patiently(Http& http, const Request& request, const Patience& patience = {},
                              Pauses& pauses = system_pauses());

}  // namespace cortex::net
