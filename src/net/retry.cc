#include "net/retry.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace cortex::net {
namespace {

class SystemPauses final : public Pauses {
 public:
  void pause(int millis) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(millis));
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
    pauses.pause(pause_after(answer, pause_millis, patience.pause_millis_max));
    pause_millis = std::min(pause_millis * 2, patience.pause_millis_max);
  }
}

}  // namespace cortex::net
