#include "base/ulid.h"

namespace cortex {
namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::uint8_t kBadCharacter = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kBadCharacter);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    const auto upper = static_cast<unsigned char>(kAlphabet[i]);
    values[upper] = static_cast<std::uint8_t>(i);
    if (upper >= 'A') values[upper + ('a' - 'A')] = static_cast<std::uint8_t>(i);
  }
  return values;
}

constexpr std::array<std::uint8_t, 256> kValues = make_values();

}  // namespace

std::optional<Ulid> Ulid::parse(std::string_view text) {
  if (text.size() != kTextSize) return std::nullopt;
  Ulid u;
  for (const char c : text) {
    const std::uint8_t value = kValues[static_cast<unsigned char>(c)];
    if (value == kBadCharacter) return std::nullopt;
    u.high = (u.high << 5U) | (u.low >> 59U);
    u.low = (u.low << 5U) | value;
  }
  return u;
}

Ulid Ulid::make(Clock& clock, Random& random) {
  std::array<std::uint8_t, 10> bytes{};
  random.fill(bytes);
  Ulid u;
  // Only the low 48 bits of the milliseconds fit; the shift drops the others.
  u.high = static_cast<std::uint64_t>(clock.now().unix_millis()) << 16U;
  u.high |= static_cast<std::uint64_t>(bytes[0]) << 8U | bytes[1];
  for (std::size_t i = 2; i < bytes.size(); ++i) u.low = (u.low << 8U) | bytes[i];
  return u;
}

void Ulid::write(char* out) const {
  std::uint64_t upper = high, lower = low;
  for (std::size_t i = kTextSize; i-- > 0;) {
    out[i] = kAlphabet[lower & 0x1FU];
    lower = (lower >> 5U) | (upper << 59U);
    upper >>= 5U;
  }
}

std::string Ulid::text() const {
  std::string out(kTextSize, '\0');
  write(out.data());
  return out;
}

Timestamp Ulid::created_at() const {
  const std::uint64_t millis = high >> 16U;
  return {static_cast<std::int64_t>(millis / 1000),
          static_cast<std::uint32_t>(millis % 1000) * 1'000'000U};
}

}  // namespace cortex
