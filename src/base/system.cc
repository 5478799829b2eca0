// The real clock and the real randomness.
#include <sys/random.h>
#include <time.h>

#include <cerrno>

#include "base/check.h"
#include "base/time.h"

namespace cortex {
namespace {

class SystemClock final : public Clock {
 public:
  Timestamp now() override {
    timespec t{};
    CORTEX_CHECK(::clock_gettime(CLOCK_REALTIME, &t) == 0);
    return {t.tv_sec, static_cast<std::uint32_t>(t.tv_nsec)};
  }
};

class SystemRandom final : public Random {
 public:
  // Randomness that is not random would make ids collide and keys guessable: no fallback.
  void fill(std::span<std::uint8_t> out) override {
    while (!out.empty()) {
      const ssize_t n = ::getrandom(out.data(), out.size(), 0);
      if (n < 0 && errno == EINTR) continue;
      CORTEX_CHECK(n > 0);
      out = out.subspan(static_cast<std::size_t>(n));
    }
  }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

Random& system_random() {
  static SystemRandom random;
  return random;
}

}  // namespace cortex
