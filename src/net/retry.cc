#include "net/retry.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "base/text.h"

namespace cortex::net {
namespace {

class SystemPauses final : public Pauses {
 public:
  void pause(int millis, const std::stop_token& stop) override {
    std::mutex mutex;
    std::condition_variable_any called_off;
    std::unique_lock lock(mutex);
    static_cast<void>(called_off.wait_for(lock, stop, std::chrono::milliseconds(millis), [] {
      return false;
    }));  // one way or the other it is over
  }
};

bool is_busy(int status) {
  constexpr int kTooManyRequests = 429, kServerErrors = 500;
  return status == kTooManyRequests || status >= kServerErrors;
}

int pause_after(const Answer& answer, int own_millis, int millis_max) {
  constexpr int kMillis = 1000;
  // Compared in seconds: a server may ask for a day.
  const int asked = std::min(answer.retry_after_seconds.value_or(0), millis_max / kMillis + 1);
  return std::min(std::max(own_millis, asked * kMillis), millis_max);
}

bool is_stopped(const Http& http, const Request& request) {
  return request.stop.stop_requested() || http.stop().stop_requested();
}

Error stopped(const Request& request) {
  return with_token(
      make_error(Code::kPrecondition, cat("the exchange with ", shown_url(request.url),
                                          " was cut off between two attempts")),
      kStoppedToken);
}

}  // namespace

Pauses& system_pauses() {
  static SystemPauses pauses;
  return pauses;
}

Result<Answer> send_patiently(Http& http, const Request& request, const Patience& patience,
                              Pauses& pauses) {
  int pause_millis = patience.first_pause_millis;
  for (int attempt = 1;; ++attempt) {
    CORTEX_ASSIGN(Answer answer, http.send(request));
    if (attempt >= patience.attempts || !is_busy(answer.status)) return answer;
    pauses.pause(pause_after(answer, pause_millis, patience.pause_millis_max),
                 http.stop().stop_possible() ? http.stop() : request.stop);
    if (is_stopped(http, request)) return stopped(request);
    pause_millis = std::min(pause_millis * 2, patience.pause_millis_max);
  }
}

}  // namespace cortex::net
