// Times: the strict reader is a subset of the relaxed one, and every written form reads back as
// what was written.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "fuzz/require.h"

namespace {

using cortex::Offset;
using cortex::Timestamp;
using cortex::fuzz::require;

constexpr std::uint32_t kNanosPerSecond = 1'000'000'000;

// A written time whose year has four digits, so that the strict reader must take it too.
bool has_short_year(std::string_view written) {
  return written.front() != '-' && written.front() != '+';
}

void check_written(std::string_view written, Timestamp expected) {
  require(cortex::parse_relaxed_rfc3339(written) == expected);
  const auto strict = cortex::parse_strict_rfc3339(written);
  require(has_short_year(written) ? strict == expected : !strict);
}

void check_time(Timestamp t) {
  const std::string z = cortex::format_rfc3339(t, Offset::kZ);
  check_written(z, t);
  const std::string plus = cortex::format_rfc3339(t, Offset::kPlus00);
  check_written(plus, t);
  require(plus.substr(0, plus.size() - 6) == z.substr(0, z.size() - 1));

  const bool leap = t.nanos >= kNanosPerSecond;
  Timestamp rounded = t;
  rounded.nanos -= t.nanos % 1000;
  check_written(cortex::format_rfc3339_micros(t), rounded);
  rounded.nanos = leap ? kNanosPerSecond : 0;
  check_written(cortex::format_rfc3339_seconds(t), rounded);
}

void check_text(std::string_view text) {
  const auto strict = cortex::parse_strict_rfc3339(text);
  const auto relaxed = cortex::parse_relaxed_rfc3339(text);
  if (strict) require(relaxed == strict);
  if (!relaxed) return;
  require(relaxed->nanos < 2 * kNanosPerSecond);
  check_time(*relaxed);
}

// The first bytes as an instant, bent into the range of the type.
void check_instant(std::string_view bytes) {
  std::int64_t seconds = 0;
  std::uint32_t nanos = 0;
  if (bytes.size() < sizeof seconds + sizeof nanos) return;
  std::memcpy(&seconds, bytes.data(), sizeof seconds);
  std::memcpy(&nanos, bytes.data() + sizeof seconds, sizeof nanos);
  // The bounds of the type, read from their written form: years -262143 to 262142.
  constexpr std::string_view kFirst = "-262143-01-01T00:00:00Z", kLast = "+262142-12-31T23:59:59Z";
  const auto first = cortex::parse_relaxed_rfc3339(kFirst);
  const auto last = cortex::parse_relaxed_rfc3339(kLast);
  require(first && last);
  require(cortex::format_rfc3339(*first, Offset::kZ) == kFirst);
  const std::int64_t span = last->seconds - first->seconds + 1;
  Timestamp t{first->seconds + (seconds % span + span) % span, nanos % kNanosPerSecond};
  check_time(t);
  t.seconds -= ((t.seconds % 60) + 60) % 60 + 1;  // the end of the minute before
  t.nanos += kNanosPerSecond;
  if (t.seconds >= first->seconds) check_time(t);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_text(text);
  check_instant(text);
  return 0;
}
