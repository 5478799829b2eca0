// ULID: 48-bit Unix milliseconds and 80 random bits as 26 characters of Crockford base 32
// (docs/formats.md, 1).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace cortex {

struct Ulid {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend auto operator<=>(const Ulid&, const Ulid&) = default;

  static constexpr std::size_t kTextSize = 26;
  // Either case; exactly 26 characters of 0-9A-HJKMNP-TV-Z; bits above 128 are dropped, as the
  // format says.
  static std::optional<Ulid> parse(std::string_view text);
  static Ulid make(Clock& clock, Random& random);

  std::string text() const;      // upper case
  void write(char* out) const;   // 26 characters, no terminator
  Timestamp created_at() const;  // from the 48-bit milliseconds
};

struct UlidHash {
  std::size_t operator()(const Ulid& u) const {
    return (u.high ^ (u.low * 0x9E3779B97F4A7C15ULL)) * 0xBF58476D1CE4E5B9ULL >> 1;
  }
};

}  // namespace cortex
