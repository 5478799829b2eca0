// A clock that stands still and randomness that counts. For tests only.
#pragma once

#include <cstdint>
#include <span>

#include "base/time.h"

namespace cortex {

class StoppedClock final : public Clock {
 public:
  Timestamp now() override { return time; }

  Timestamp time{1'767'323'045, 0};  // 2026-01-02T03:04:05Z
};

// Every fill is another number, big-endian at the end: what is made from it is unique and in order.
class CountingRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t> out) override {
    ++count_;
    std::uint32_t rest = count_;
    for (std::size_t i = out.size(); i > 0; --i, rest >>= 8U) {
      out[i - 1] = static_cast<std::uint8_t>(rest);
    }
  }

 private:
  std::uint32_t count_ = 0;
};

}  // namespace cortex
