// UTC instants, the three RFC 3339 dialects of the formats, and the clock and randomness seams.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cortex {

inline constexpr std::uint32_t kNanosPerSecond = 1'000'000'000;

// A UTC instant with nanosecond precision; proleptic Gregorian calendar, years -262143..262142.
// A leap second is the last second of its minute with `nanos` >= 1'000'000'000 (printed as :60).
struct Timestamp {
  std::int64_t seconds = 0;  // since 1970-01-01T00:00:00Z
  std::uint32_t nanos = 0;   // 0..1'999'999'999

  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
  std::int64_t unix_millis() const;
};

enum class Offset { kZ, kPlus00 };  // "Z" in the ledger and in JSON, "+00:00" in SQLite columns

// Written form (docs/formats.md, 2): fraction of 0, 3, 6 or 9 digits, the shortest that loses
// nothing.
std::string format_rfc3339(Timestamp t, Offset offset);
std::string format_rfc3339_seconds(Timestamp t);  // whole seconds, Z (manifests, anchors)
std::string format_rfc3339_micros(
    Timestamp t);  // exactly six fraction digits, truncated, Z (attestation preimages)

// "Relaxed RFC 3339": times that are members of a decoded JSON object (table in docs/formats.md,
// 2).
std::optional<Timestamp> parse_relaxed_rfc3339(std::string_view text);
// "Strict RFC 3339": anchor lines, SQLite columns, backup_timestamp.
std::optional<Timestamp> parse_strict_rfc3339(std::string_view text);

// Clock and randomness are parameters everywhere; these are the seams.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() = 0;
};

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::uint8_t> out) = 0;
};

Clock& system_clock();    // stateless, safe for all threads
Random& system_random();  // getrandom(2); safe for all threads

}  // namespace cortex
