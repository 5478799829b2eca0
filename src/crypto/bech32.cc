#include "crypto/bech32.h"

#include <array>

#include "base/text.h"

namespace cortex::crypto {
namespace {

constexpr std::string_view kAlphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr std::size_t kChecksumSize = 6;

using Groups = std::vector<std::uint8_t>;  // of five bits

std::uint32_t polymod(std::uint32_t state, std::uint8_t group) {
  constexpr std::array<std::uint32_t, 5> kGenerator = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa,
                                                       0x3d4233dd, 0x2a1462b3};
  const std::uint32_t top = state >> 25U;
  state = (state & 0x1ffffffU) << 5U ^ group;
  for (std::size_t i = 0; i < kGenerator.size(); ++i) {
    if ((top >> i & 1U) != 0) state ^= kGenerator[i];
  }
  return state;
}

std::uint32_t checksum(std::string_view prefix, const Groups& groups) {
  std::uint32_t state = 1;
  for (const char c : prefix) state = polymod(state, static_cast<std::uint8_t>(c) >> 5U);
  state = polymod(state, 0);
  for (const char c : prefix) state = polymod(state, static_cast<std::uint8_t>(c) & 31U);
  for (const std::uint8_t group : groups) state = polymod(state, group);
  return state;
}

// Regroups bits. With `pad` what is left over is filled with zeros, else it must be fewer than
// `from` zeros.
std::optional<Groups> regroup(std::span<const std::uint8_t> in, unsigned from, unsigned to,
                              bool pad) {
  Groups out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  const std::uint32_t mask = (1U << to) - 1;
  for (const std::uint8_t value : in) {
    bits = (bits << from | value) & 0xfffU;
    count += from;
    while (count >= to) {
      count -= to;
      out.push_back(static_cast<std::uint8_t>(bits >> count & mask));
    }
  }
  const std::uint32_t rest = bits << (to - count) & mask;
  if (pad) {
    if (count > 0) out.push_back(static_cast<std::uint8_t>(rest));
  } else if (count >= from || rest != 0) {
    return std::nullopt;
  }
  return out;
}

}  // namespace

std::string to_bech32(std::string_view prefix, std::span<const std::uint8_t> bytes) {
  Groups groups = *regroup(bytes, 8, 5, true);
  Groups summed = groups;
  summed.resize(groups.size() + kChecksumSize);
  const std::uint32_t sum = checksum(prefix, summed) ^ 1U;
  std::string out = cat(prefix, "1");
  for (const std::uint8_t group : groups) out.push_back(kAlphabet[group]);
  for (std::size_t i = 0; i < kChecksumSize; ++i) {
    out.push_back(kAlphabet[sum >> 5 * (kChecksumSize - 1 - i) & 31U]);
  }
  return out;
}

std::optional<Bech32> from_bech32(std::string_view text) {
  bool lower = false, upper = false;
  for (const char c : text) {
    if (c < '!' || c > '~') return std::nullopt;
    lower |= c >= 'a' && c <= 'z';
    upper |= c >= 'A' && c <= 'Z';
  }
  if (lower && upper) return std::nullopt;
  const std::string low = to_lower_ascii(text);
  const std::size_t separator = low.rfind('1');
  if (separator == std::string::npos || separator == 0 ||
      low.size() - separator - 1 < kChecksumSize) {
    return std::nullopt;
  }
  Groups groups;
  for (const char c : std::string_view(low).substr(separator + 1)) {
    const std::size_t at = kAlphabet.find(c);
    if (at == std::string_view::npos) return std::nullopt;
    groups.push_back(static_cast<std::uint8_t>(at));
  }
  Bech32 out{low.substr(0, separator), {}};
  if (checksum(out.prefix, groups) != 1) return std::nullopt;
  groups.resize(groups.size() - kChecksumSize);
  auto bytes = regroup(groups, 5, 8, false);
  if (!bytes) return std::nullopt;
  out.bytes = *std::move(bytes);
  return out;
}

}  // namespace cortex::crypto
